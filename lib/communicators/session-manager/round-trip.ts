// Milliseconds: `src/config/config.go` of github.com/aws/session-manager-plugin.
const FIRST = 200;
const LONGEST = 1000;
const GRAIN = 10;

/** How long an answer may take, by how long answers took: RFC 6298, with the plugin's numbers. */
export class RoundTrip {
  private mean = 100;
  private variation = 0;
  private timeout = FIRST;

  /** An answer came after so many milliseconds. */
  took(ms: number): void {
    this.variation = 0.75 * this.variation + 0.25 * Math.abs(this.mean - ms);
    this.mean = 0.875 * this.mean + 0.125 * ms;
    this.timeout = Math.min(this.mean + Math.max(GRAIN, 4 * this.variation), LONGEST);
  }

  /** Milliseconds after which something is sent again. */
  get patience(): number {
    return this.timeout;
  }
}
