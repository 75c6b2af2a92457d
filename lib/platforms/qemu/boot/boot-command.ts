import { GoldsmithError } from '../../../errors';
import { parseDuration } from '../../../util/duration';
import { nearest } from '../../../util/nearest';
import { isShifted, KEYS, keysymOf } from './keys';

/** One thing that a boot command does. */
export type BootStep =
  | { readonly do: 'press' | 'hold' | 'release'; readonly key: number; readonly shift: boolean; readonly name: string }
  | { readonly do: 'wait'; readonly ms: number }
  /** Waits for a text on the serial console or the text screen. */
  | { readonly do: 'wait for'; readonly text: string | RegExp; readonly shown: string };

const TAG = /^<([A-Za-z0-9]+|.On|.Off)>/;
const WAIT = /^<wait(\d+)?((?:\d+(?:\.\d+)?(?:ms|s|m|h))*)>/i;
const WAIT_FOR = /^<waitFor\s+(?:"((?:[^"\\]|\\.)*)"|\/((?:[^/\\]|\\.)*)\/(i?))\s*>/i;

/**
 * Reads a boot command in Packer's language: characters are typed, `<enter>` and its like pressed, `<leftAltOn>` holds a key and
 * `<leftAltOff>` lets it go, `<wait>` is a second, `<wait5>` five, `<wait1m20s>` as long as it says. `<waitFor "text">` and
 * `<waitFor /pattern/>` are ours. What looks like none of these is typed as it stands.
 */
export function parseBootCommand(command: string): BootStep[] {
  const steps: BootStep[] = [];
  for (let rest = command; rest !== '';) {
    const [length, step] = special(rest) ?? character(rest);
    steps.push(step);
    rest = rest.slice(length);
  }
  return steps;
}

function special(text: string): [length: number, step: BootStep] | undefined {
  if (!text.startsWith('<')) return undefined;
  const wait = WAIT.exec(text);
  if (wait) return [wait[0].length, { do: 'wait', ms: waitOf(wait) }];
  const waitFor = WAIT_FOR.exec(text);
  if (waitFor) return [waitFor[0].length, waitForOf(waitFor)];
  const [whole, name] = TAG.exec(text) ?? [];
  if (whole === undefined || name === undefined) return undefined;
  const step = keyOf(name);
  return step && [whole.length, step];
}

/** What looks like a key, is none, and is like one: most likely a slip. */
export function doubtsOf(command: string): string[] {
  const names = [...Object.keys(KEYS), 'wait', 'waitFor'];
  return [...command.matchAll(/<([A-Za-z]\w*)>/g)].flatMap(([whole, name = '']) => {
    if (special(whole)) return [];
    const near = nearest(name, names, 1).filter((one) => one[0] === name[0]!.toLowerCase());
    return near.map((one) => `\`${whole}\` is typed as it stands, since it is no key; did you mean \`<${one}>\`?`);
  });
}
/** A number alone is seconds; with a unit the number is part of the length of time. */
function waitOf([whole, seconds]: RegExpExecArray): number {
  const text = whole.slice('<wait'.length, -1);
  if (text === '') return 1000;
  return /^\d+$/.test(text) ? Number(seconds) * 1000 : parseDuration(text.toLowerCase());
}

function waitForOf([whole, text, pattern, flags]: RegExpExecArray): BootStep {
  const shown = whole.slice(1, -1).replace(/^waitFor\s+/i, '');
  if (text !== undefined) return { do: 'wait for', text: text.replace(/\\(.)/g, '$1'), shown };
  try {
    return { do: 'wait for', text: new RegExp(pattern!, flags), shown };
  } catch {
    throw new GoldsmithError(
      'INVALID_PROPS',
      `\`bootCommand\` has \`${whole}\`, whose pattern is no regular expression`,
    );
  }
}

function keyOf(name: string): BootStep | undefined {
  const lower = name.toLowerCase();
  const key = KEYS[lower];
  if (key !== undefined) return { do: 'press', key, shift: false, name };
  const [, stem, way] = /^(.+?)(on|off)$/i.exec(name) ?? [];
  if (stem === undefined || way === undefined) return undefined;
  const held = KEYS[stem.toLowerCase()] ?? ([...stem].length === 1 ? keysymOf(stem) : undefined);
  if (held === undefined) return undefined;
  return { do: way.toLowerCase() === 'on' ? 'hold' : 'release', key: held, shift: false, name };
}

function character(text: string): [length: number, step: BootStep] {
  const one = String.fromCodePoint(text.codePointAt(0)!);
  return [one.length, { do: 'press', key: keysymOf(one), shift: isShifted(one), name: one }];
}
