/** How one check of a verification went: told as an event, kept in the report. */
export interface CheckResult {
  /** What was looked at, such as `port 80/tcp`. */
  readonly name: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  /** What is wrong, each a clause that follows the name; empty where it did not fail. */
  readonly wrong: readonly string[];
  /** The last lines that the thing in question printed, where they help. */
  readonly output?: string | undefined;
}
