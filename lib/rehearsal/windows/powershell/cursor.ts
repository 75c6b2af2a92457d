/** Reads a text from its beginning to its end. */
export class Cursor {
  protected at = 0;

  constructor(protected readonly src: string) {}

  protected match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.src) ?? undefined;
    if (found) this.at = pattern.lastIndex;
    return found;
  }

  protected take(text: string): boolean {
    if (!this.src.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  protected need(text: string): void {
    if (!this.take(text)) this.fail();
  }

  protected word(name: string): boolean {
    return this.match(new RegExp(`${name}(?![\\w-])`, 'iy')) !== undefined;
  }

  protected space(): void {
    this.match(/(?:[ \t]|`\r?\n|<#[\s\S]*?#>)*/y);
  }

  /** Also over lines, comments and, unless told otherwise, semicolons. */
  protected gap(semicolons = true): void {
    this.match(semicolons ? /(?:[\s;\ufeff]|`\r?\n|<#[\s\S]*?#>|#[^\n]*)*/y : /(?:[\s\ufeff]|<#[\s\S]*?#>|#[^\n]*)*/y);
  }

  protected fail(): never {
    const line = this.src.slice(0, this.at).split('\n').length;
    throw new Error(`At line:${line}: cannot read ${JSON.stringify(this.src.slice(this.at, this.at + 40))}`);
  }
}
