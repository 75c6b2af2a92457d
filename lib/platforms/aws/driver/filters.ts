import type { Filter } from '@aws-sdk/client-ec2';

/** Filters as AWS takes them; a comma separates several values. */
export function filtersOf(filters: Readonly<Record<string, string>>): Filter[] {
  return Object.entries(filters).map(([Name, value]) => ({ Name, Values: value.split(',') }));
}
