/** What stands in the place of a secret, as in Packer. */
export const HIDDEN = '<sensitive>';

/** Shorter values would be found everywhere by chance. */
const SHORTEST = 4;
/** The same for what is left of a value in base64 when its uncertain ends are cut off. */
const SHORTEST_ENCODED = 6;

/** Removes secrets from text, in every form in which they are likely to be printed. */
export class Redactor {
  private readonly forms = new Set<string>();
  private expression: RegExp | undefined;
  /** First characters of all proper prefixes: to see quickly that nothing needs to be held back. */
  private sorted: readonly string[] = [];

  /** Adds a secret. Says whether it can be hidden: a very short one cannot. */
  add(secret: string): boolean {
    const values = [secret, ...secret.split(/\r?\n/)]
      .map((value) => value.trim())
      .filter((value) => value.length >= SHORTEST);
    for (const value of values) for (const form of formsOf(value)) this.forms.add(form);
    if (values.length === 0) return false;
    this.sorted = [...this.forms].sort((a, b) => b.length - a.length);
    this.expression = new RegExp(
      this.sorted.map((form) => form.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')).join('|'),
      'g',
    );
    return true;
  }

  /** A whole text without secrets. */
  clean(text: string): string {
    return this.expression ? text.replace(this.expression, HIDDEN) : text;
  }

  /** Any JSON value without secrets: keys too. */
  cleanDeep<T>(value: T): T {
    if (!this.expression) return value;
    if (typeof value === 'string') return this.clean(value) as T;
    if (Array.isArray(value)) return value.map((item: unknown) => this.cleanDeep(item)) as T;
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [this.clean(key), this.cleanDeep(entry)]),
    ) as T;
  }

  /** A text that comes in pieces. */
  stream(): RedactedStream {
    return new RedactedStream((text) => this.split(text));
  }

  /** What of a text can be shown now, and what must wait because a secret may begin in it. */
  private split(text: string): { ready: string; held: string } {
    if (!this.expression) return { ready: text, held: '' };
    let ready = '';
    let at = 0;
    for (const match of text.matchAll(this.expression)) {
      const end = match.index + match[0].length;
      // A longer form may begin with this one and its rest still come.
      if (end === text.length && this.isPrefix(match[0]))
        return { ready: ready + text.slice(at, match.index), held: text.slice(match.index) };
      ready += text.slice(at, match.index) + HIDDEN;
      at = end;
    }
    const rest = text.slice(at);
    const hold = this.heldLength(rest);
    return { ready: ready + rest.slice(0, rest.length - hold), held: hold === 0 ? '' : rest.slice(-hold) };
  }

  private heldLength(text: string): number {
    const longest = Math.min(text.length, (this.sorted[0]?.length ?? 1) - 1);
    for (let length = longest; length > 0; length -= 1) {
      if (this.isPrefix(text.slice(text.length - length))) return length;
    }
    return 0;
  }

  private isPrefix(text: string): boolean {
    return this.sorted.some((form) => form.length > text.length && form.startsWith(text));
  }
}

/** Removes secrets from text in pieces, also where one is split over two of them. */
export class RedactedStream {
  private held = '';

  /** @internal */
  constructor(private readonly split: (text: string) => { ready: string; held: string }) {}

  /** The next piece; what comes back can be shown. */
  push(piece: string): string {
    const { ready, held } = this.split(this.held + piece);
    this.held = held;
    return ready;
  }

  /** What was held back, when nothing more comes. */
  end(): string {
    const rest = this.held;
    this.held = '';
    return rest;
  }
}

/** The forms in which a value may appear: as it is, base64, URL, JSON, quoted for a shell or PowerShell. */
function formsOf(value: string): readonly string[] {
  const json = JSON.stringify(value).slice(1, -1);
  return [
    value,
    json,
    JSON.stringify(json).slice(1, -1),
    encodeURIComponent(value),
    encodeURI(value),
    encodeURIComponent(value).replace(/%20/g, '+'),
    encodeURIComponent(value).replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    new URLSearchParams({ v: value }).toString().slice(2),
    value.replace(/'/g, `'\\''`),
    value.replace(/'/g, `'"'"'`),
    value.replace(/(["\\$`])/g, '\\$1'),
    value.replace(/([^A-Za-z0-9_\-.,:+/@\n])/g, '\\$1'),
    value.replace(/'/g, "''"),
    value.replace(/(["$`'])/g, '`$1'),
    Buffer.from(value).toString('hex'),
    ...base64FormsOf(value),
  ].filter((form) => form.length >= SHORTEST);
}

/**
 * Base64 of the value, and of it inside of something longer: three letters become four, so the letters depend on where it
 * begins. The first and last are shared with the neighbours and are left out.
 */
function base64FormsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const forms = [bytes.toString('base64'), bytes.toString('base64').replace(/=+$/, '')];
  for (const offset of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const from = offset === 0 ? 0 : offset + 1;
    const sure = encoded.slice(from, Math.floor(((offset + bytes.length) * 8) / 6));
    if (sure.length >= SHORTEST_ENCODED) forms.push(sure);
  }
  return forms.flatMap((form) => [form, form.replace(/\+/g, '-').replace(/\//g, '_')]);
}
