/** An element of XML as these services write it: either elements or text within. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  readonly text: string;
}

interface Open {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

const TOKEN = /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<[^>]*>|[^<]+/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Reads a document of one root. Throws where it is not well-formed. */
export function readXml(document: string): Element {
  const root: Open = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  let read = 0;
  for (const [token] of document.matchAll(TOKEN)) {
    read += token.length;
    const top = open.at(-1)!;
    if (token.startsWith('<?') || token.startsWith('<!--')) continue;
    if (token.startsWith('<![CDATA[')) top.text += token.slice(9, -3);
    else if (token.startsWith('</')) close(open, token.slice(2, -1).trim());
    else if (token.startsWith('<')) start(open, token);
    else top.text += decoded(token);
  }
  if (read !== document.length || open.length !== 1) throw new Error(`the XML ends within <${open.at(-1)!.name}>`);
  const [only, second] = root.children;
  if (!only || second || root.text.trim() !== '') throw new Error('the XML does not have one root');
  return only;
}

function start(open: Open[], token: string): void {
  const match = /^<([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>$/.exec(token);
  if (!match) throw new Error(`this is no tag of XML: ${token}`);
  const attributes = [...match[2]!.matchAll(/([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)];
  const element: Open = {
    name: match[1]!,
    attributes: Object.fromEntries(attributes.map(([, name, one, other]) => [name!, decoded(one ?? other ?? '')])),
    children: [],
    text: '',
  };
  open.at(-1)!.children.push(element);
  if (match[3] === '') open.push(element);
}

function close(open: Open[], name: string): void {
  const element = open.pop();
  if (element?.name !== name || open.length === 0) throw new Error(`</${name}> closes <${element?.name ?? ''}>`);
}

function decoded(text: string): string {
  return text.replace(/&(#x[0-9a-fA-F]+|#\d+|\w+);|&/g, (whole, entity: string | undefined) => {
    if (entity?.startsWith('#x')) return String.fromCodePoint(parseInt(entity.slice(2), 16));
    if (entity?.startsWith('#')) return String.fromCodePoint(Number(entity.slice(1)));
    const character = ENTITIES[entity ?? ''];
    if (character === undefined) throw new Error(`this is no entity of XML: ${whole}`);
    return character;
  });
}

/** Writes an element. */
export function writeXml({ name, attributes, children, text }: Element): string {
  const head = Object.entries(attributes).map(([key, value]) => ` ${key}="${encoded(value)}"`);
  return `<${name}${head.join('')}>${encoded(text)}${children.map(writeXml).join('')}</${name}>`;
}

function encoded(text: string): string {
  return text.replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
