import type { Shape } from './service-model';

/** ISO 8601 in UTC: all that these services write. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** What is wrong with a value, or undefined. Patterns are not looked at: they are of Java, and the services do not hold to them. */
export function scalarProblem(shape: Shape, value: string | number | boolean, textual: boolean): string | undefined {
  const given = JSON.stringify(value);
  if (!isOfType(shape, value, textual)) return `${given} is not a ${shape.type}`;
  if (shape.enum && !shape.enum.includes(String(value))) return `${given} is not one of ${some(shape.enum)}`;
  const size = shape.type === 'string' || shape.type === 'blob' ? String(value).length : Number(value);
  if (shape.type === 'timestamp' || shape.type === 'boolean') return undefined;
  if (shape.min !== undefined && size < shape.min) return `${given} is below the least, ${shape.min}`;
  if (shape.max !== undefined && size > shape.max) return `${given} is above the most, ${shape.max}`;
  return undefined;
}

function isOfType({ type }: Shape, value: string | number | boolean, textual: boolean): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'blob':
      return typeof value === 'string' && BASE64.test(value.replace(/\s/g, ''));
    case 'boolean':
      return textual ? value === 'true' || value === 'false' : typeof value === 'boolean';
    case 'timestamp':
      // The protocol `json` has seconds since 1970.
      return textual ? TIME.test(String(value)) && !Number.isNaN(Date.parse(String(value))) : typeof value === 'number';
    case 'integer':
    case 'long':
      return isNumber(value, textual, /^-?\d+$/) && Number.isInteger(Number(value)) && inRange(type, Number(value));
    case 'double':
    case 'float':
      return isNumber(value, textual, /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/);
    case 'structure':
    case 'list':
    case 'map':
      return false;
  }
}

function isNumber(value: string | number | boolean, textual: boolean, form: RegExp): boolean {
  return textual ? form.test(String(value)) : typeof value === 'number';
}

function inRange(type: 'integer' | 'long', value: number): boolean {
  return type === 'long' || Math.abs(value) <= 2 ** 31;
}

function some(values: readonly string[]): string {
  return values.length > 8 ? `${values.slice(0, 8).join(', ')} and ${values.length - 8} more` : values.join(', ');
}
