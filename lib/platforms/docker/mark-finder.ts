/** Passes on what comes before a mark, and reads what stands between the mark and a semicolon. Cut anywhere. */
export class MarkFinder {
  /** What stood behind the mark; undefined until it has come. */
  value: string | undefined;
  private held: Buffer = Buffer.alloc(0);
  private found = false;

  /** @param mark starts with a byte that is rare in output, so that hardly anything is ever held back */
  constructor(
    private readonly mark: Buffer,
    private readonly pass: (data: Buffer) => void,
  ) {}

  /** Takes the next bytes. What comes after the mark's semicolon belongs to nobody. */
  push(data: Buffer): void {
    if (this.value !== undefined) return;
    const all = this.held.length > 0 ? Buffer.concat([this.held, data]) : data;
    if (!this.found) {
      const at = all.indexOf(this.mark);
      if (at < 0) return this.passBeforeMark(all);
      this.emit(all.subarray(0, at));
      this.found = true;
      this.held = Buffer.from(all.subarray(at + this.mark.length));
    } else this.held = Buffer.from(all);
    const end = this.held.indexOf(';');
    if (end >= 0) this.value = this.held.subarray(0, end).toString();
  }

  /** The mark may have begun at the end of what came. */
  private passBeforeMark(all: Buffer): void {
    let from = all.indexOf(this.mark[0]!, Math.max(0, all.length - this.mark.length + 1));
    while (from >= 0 && !all.subarray(from).equals(this.mark.subarray(0, all.length - from))) {
      from = all.indexOf(this.mark[0]!, from + 1);
    }
    this.held = from < 0 ? Buffer.alloc(0) : Buffer.from(all.subarray(from));
    this.emit(from < 0 ? all : all.subarray(0, from));
  }

  private emit(data: Buffer): void {
    if (data.length > 0) this.pass(data);
  }
}
