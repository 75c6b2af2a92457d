import { AwsError } from '../errors';

/** An error of EBS direct, which says its reason by a word of its own. */
export class EbsError extends AwsError {
  constructor(
    code: string,
    message: string,
    status: number,
    readonly reason?: string,
  ) {
    super(code, message, status);
  }
}

/** Something in the request is not right. */
export function invalid(reason: string, message: string): EbsError {
  return new EbsError('ValidationException', message, 400, reason);
}

/** What was named is not there. */
export function notThere(id: string): EbsError {
  return new EbsError('ResourceNotFoundException', `The snapshot '${id}' does not exist.`, 404, 'SNAPSHOT_NOT_FOUND');
}
