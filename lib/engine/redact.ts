import { Finder, type Span } from './finder';
import { formsOf, SHORTEST } from './redact-forms';

/** What stands in the place of a secret, as in Packer. */
export const HIDDEN = '<sensitive>';

/** Removes secrets from text, in every form in which they are likely to be printed. */
export class Redactor {
  private readonly forms = new Set<string>();
  /** Made when it is needed; undefined where a secret has come since. */
  private made: Finder | undefined;

  /** Adds a secret. Says whether it can be hidden: a very short one cannot. */
  add(secret: string): boolean {
    const values = [secret, ...secret.split(/\r?\n/)]
      .map((value) => value.trim())
      .filter((value) => value.length >= SHORTEST);
    const before = this.forms.size;
    for (const value of values) if (!this.forms.has(value)) for (const form of formsOf(value)) this.forms.add(form);
    if (this.forms.size > before) this.made = undefined;
    return values.length > 0;
  }

  /** A whole text without secrets. */
  clean(text: string): string {
    if (this.forms.size === 0) return text;
    const { spans } = this.finder.find(text);
    return spans.length === 0 ? text : hide(text, spans, text.length);
  }

  /** Any JSON value without secrets: keys too. */
  cleanDeep<T>(value: T): T {
    if (this.forms.size === 0) return value;
    if (typeof value === 'string') return this.clean(value) as T;
    if (Array.isArray(value)) return value.map((item: unknown) => this.cleanDeep(item)) as T;
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [this.clean(key), this.cleanDeep(entry)]),
    ) as T;
  }

  /** A text that comes in pieces. */
  stream(): RedactedStream {
    return new RedactedStream((text, isLast) => this.split(text, isLast));
  }

  /** What of a text can be shown now, and what must wait because a secret may begin in it. */
  private split(text: string, isLast: boolean): { ready: string; held: string } {
    if (this.forms.size === 0) return { ready: text, held: '' };
    const { spans, openFrom } = this.finder.find(text);
    const end = isLast ? text.length : openFrom;
    return { ready: hide(text, spans, end), held: text.slice(end) };
  }

  private get finder(): Finder {
    return (this.made ??= new Finder(this.forms));
  }
}

function hide(text: string, spans: readonly Span[], end: number): string {
  let shown = '';
  let at = 0;
  for (const [from, to] of spans) {
    if (from >= end) break;
    shown += text.slice(at, from) + HIDDEN;
    at = to;
  }
  return shown + text.slice(at, end);
}

/** Removes secrets from text in pieces, also where one is split over two of them. */
export class RedactedStream {
  private held = '';

  /** @internal */
  constructor(private readonly split: (text: string, isLast: boolean) => { ready: string; held: string }) {}

  /** The next piece; what comes back can be shown. */
  push(piece: string): string {
    const { ready, held } = this.split(this.held + piece, false);
    this.held = held;
    return ready;
  }

  /** What was held back, when nothing more comes. */
  end(): string {
    const { ready } = this.split(this.held, true);
    this.held = '';
    return ready;
  }
}
