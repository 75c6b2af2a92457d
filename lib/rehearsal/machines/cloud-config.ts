/** What of an instance's user data matters here. */
export interface UserData {
  /** A private key that the machine shows as its own, in OpenSSH's or PEM form. */
  readonly hostKeys: readonly string[];
  readonly users: readonly { readonly name: string; readonly keys: readonly string[] }[];
  /** Keys for the default login user. */
  readonly keys: readonly string[];
  /** A program to run at the first start, where the user data is one. */
  readonly script: string | undefined;
}

type Value = string | readonly Value[] | { readonly [name: string]: Value };

/** Reads user data: a script with `#!`, or cloud-config, of which it takes keys and users. Anything else is nothing to it. */
export function readUserData(base64: string | undefined): UserData {
  const text = base64 === undefined ? '' : Buffer.from(base64, 'base64').toString('utf8');
  const none = { hostKeys: [], users: [], keys: [], script: undefined };
  if (text.startsWith('#!')) return { ...none, script: text };
  if (!text.startsWith('#cloud-config')) return none;
  const config = parse(text);
  const hostKeys = Object.entries(mapOf(config['ssh_keys'])).flatMap(([name, key]) =>
    name.endsWith('_private') && typeof key === 'string' ? [key] : [],
  );
  const users = listOf(config['users']).flatMap((user) => {
    const { name, ...rest } = mapOf(user);
    return typeof name === 'string' ? [{ name, keys: textsOf(rest['ssh_authorized_keys']) }] : [];
  });
  return { hostKeys, users, keys: textsOf(config['ssh_authorized_keys']), script: undefined };
}

function parse(text: string): { readonly [name: string]: Value } {
  const body = text.slice(text.indexOf('\n') + 1);
  try {
    return mapOf(JSON.parse(body) as Value);
  } catch {
    return mapOf(readBlock(linesOf(body), 0));
  }
}

interface Line {
  readonly indent: number;
  readonly text: string;
}

/** The lines that say something; blank ones matter only within a block of text. */
function linesOf(text: string): Line[] {
  return text.split('\n').map((line) => ({ indent: line.length - line.trimStart().length, text: line.trim() }));
}

/**
 * The part of YAML in which cloud-config is written: maps, lists, texts in quotes or without, and blocks that begin with `|`. Takes the
 * lines that belong to the value off `lines`.
 */
function readBlock(lines: Line[], indent: number): Value {
  skipBlank(lines);
  const first = lines[0];
  if (!first || first.indent < indent) return '';
  return first.text.startsWith('- ') || first.text === '-'
    ? readList(lines, first.indent)
    : readMap(lines, first.indent);
}

function readList(lines: Line[], indent: number): Value {
  const list: Value[] = [];
  for (skipBlank(lines); lines[0]?.indent === indent && /^-(\s|$)/.test(lines[0].text); skipBlank(lines)) {
    const { text } = lines.shift()!;
    const rest = text.slice(1).trimStart();
    const inner = indent + text.length - rest.length;
    if (rest === '') list.push(readBlock(lines, indent + 1));
    else if (/^[\w-]+:(\s|$)/.test(rest)) {
      lines.unshift({ indent: inner, text: rest });
      list.push(readMap(lines, inner));
    } else list.push(scalar(rest));
  }
  return list;
}

function readMap(lines: Line[], indent: number): Value {
  const map: Record<string, Value> = {};
  for (skipBlank(lines); lines[0]?.indent === indent; skipBlank(lines)) {
    const [, name, rest] = /^"?([\w-]+)"?:\s*(.*)$/.exec(lines.shift()!.text) ?? [];
    if (name === undefined) continue;
    if (/^\|[-+]?$/.test(rest!)) map[name] = readText(lines, indent);
    else if (rest !== '') map[name] = scalar(rest!);
    else map[name] = nested(lines, indent);
  }
  return map;
}

/** A list may stand as far left as the name that it belongs to. */
function nested(lines: Line[], indent: number): Value {
  skipBlank(lines);
  return lines[0]?.indent === indent && lines[0].text.startsWith('-')
    ? readList(lines, indent)
    : readBlock(lines, indent + 1);
}

function readText(lines: Line[], indent: number): string {
  const taken: string[] = [];
  while (lines[0] && (lines[0].indent > indent || lines[0].text === '')) taken.push(lines.shift()!.text);
  return `${taken.join('\n').trimEnd()}\n`;
}

function skipBlank(lines: Line[]): void {
  while (lines[0] && (lines[0].text === '' || lines[0].text.startsWith('#'))) lines.shift();
}

function scalar(text: string): Value {
  if (/^\[.*\]$/.test(text))
    return text
      .slice(1, -1)
      .split(',')
      .map((part) => scalar(part.trim()));
  const [, double, single] = /^(?:"(.*)"|'(.*)')$/s.exec(text) ?? [];
  if (double !== undefined) return double.replace(/\\n/g, '\n').replace(/\\(["\\])/g, '$1');
  return single !== undefined ? single.replaceAll("''", "'") : text.replace(/\s+#.*$/, '');
}

function mapOf(value: Value | undefined): { readonly [name: string]: Value } {
  return typeof value === 'object' && !Array.isArray(value) ? (value as { readonly [name: string]: Value }) : {};
}

function listOf(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? (value as readonly Value[]) : [];
}

function textsOf(value: Value | undefined): readonly string[] {
  if (typeof value === 'string') return [value];
  return listOf(value).filter((one) => typeof one === 'string');
}
