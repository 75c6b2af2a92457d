/** An answer of AWS that says no: its code, its words, and its HTTP status. */
export class AwsError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
    this.name = 'AwsError';
  }
}

/** A value that a parameter cannot have. */
export function invalidValue(name: string, value: string, why: string): AwsError {
  return new AwsError('InvalidParameterValue', `Value (${value}) for parameter ${name} is invalid. ${why}`);
}
