import { unescapeXml } from '../../util/xml';

const START = '#< CLIXML';
/** Streams whose texts are for people, and what PowerShell writes before them. */
const SHOWN: Readonly<Record<string, string>> = {
  error: '',
  warning: 'WARNING: ',
  verbose: 'VERBOSE: ',
  debug: 'DEBUG: ',
};

/**
 * What PowerShell writes to standard error when nobody sits in front, made readable: its errors are objects in XML there
 * (MS-PSRP 2.2.5). Other programs write in between, as they like. Comes in pieces, cut anywhere.
 */
export class ClixmlDecoder {
  private rest = '';
  private inside = false;

  /** What can be shown of all that came so far. */
  push(text: string): string {
    this.rest += text;
    let shown = '';
    for (;;) {
      const step = this.inside ? this.object() : this.plain();
      if (step === undefined) return shown;
      shown += step;
    }
  }

  /** The end: what is left is shown as it is. */
  end(): string {
    const { rest } = this;
    this.rest = '';
    return rest;
  }

  private plain(): string | undefined {
    const at = this.rest.indexOf(START);
    if (at < 0) {
      const keep = openEnd(this.rest);
      const shown = this.take(this.rest.length - keep);
      return shown === '' ? undefined : shown;
    }
    const newline = this.rest.indexOf('\n', at);
    if (newline < 0) return at === 0 ? undefined : this.take(at);
    const shown = this.take(at);
    this.take(newline + 1 - at);
    this.inside = true;
    return shown;
  }

  private object(): string | undefined {
    const { rest } = this;
    if (rest === '') return undefined;
    if (!rest.startsWith('<')) {
      const next = rest.indexOf('<');
      return this.take(next < 0 ? rest.length : next);
    }
    const [text, stream, content] = /^<S S="(\w+)">([^<]*)<\/S>/.exec(rest) ?? [];
    if (text !== undefined) {
      this.take(text.length);
      const prefix = SHOWN[stream!.toLowerCase()];
      return prefix === undefined ? '' : prefix + decoded(content!);
    }
    if (/^<S[ >]/.test(rest)) return undefined;
    if (/^<Obj[ >]/.test(rest)) {
      const end = endOfObject(rest);
      return end === undefined ? undefined : (this.take(end), '');
    }
    const tag = rest.indexOf('>');
    if (tag < 0) return undefined;
    if (this.take(tag + 1) === '</Objs>') this.inside = false;
    return '';
  }

  private take(length: number): string {
    const taken = this.rest.slice(0, length);
    this.rest = this.rest.slice(length);
    return taken;
  }
}

/** How much of the end may be the beginning of the mark. */
function openEnd(text: string): number {
  for (let length = Math.min(START.length, text.length); length > 0; length -= 1)
    if (text.endsWith(START.slice(0, length))) return length;
  return 0;
}

/** Objects hold objects. */
function endOfObject(text: string): number | undefined {
  let depth = 0;
  for (const { 0: tag, index } of text.matchAll(/<Obj[ >]|<\/Obj>/g)) {
    depth += tag === '</Obj>' ? -1 : 1;
    if (depth === 0) return index + tag.length;
  }
  return undefined;
}

/** Characters that XML does not keep are written as `_x000D_`. */
function decoded(text: string): string {
  return unescapeXml(text).replace(/_x([0-9A-Fa-f]{4})_/g, (_all, code: string) =>
    String.fromCharCode(parseInt(code, 16)),
  );
}
