/** An element of XML. Names come without their prefixes: whoever reads knows what to expect of a document. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** All text directly in it. */
  readonly text: string;
}

const TOKEN =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<\/[^>]*>|<([^\s/>!]+)((?:\s+[^\s=>]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>|([^<]+)/y;
const ATTRIBUTE = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Reads a document that holds data: elements, attributes, text. A document type, which could define entities, is refused. */
export function parseXml(xml: string): XmlElement {
  const document = { name: '', attributes: {}, children: [] as XmlElement[], text: '' };
  const open = [document];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < xml.length) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(xml);
    if (!found) throw new Error(`no XML at character ${at}`);
    const [token, cdata, name, attributes = '', empty, text] = found;
    const current = open.at(-1)!;
    if (cdata !== undefined || text !== undefined) current.text += cdata ?? unescapeXml(text!);
    else if (name !== undefined) {
      const element = { name: local(name), attributes: attributesOf(attributes), children: [], text: '' };
      current.children.push(element);
      if (empty === '') open.push(element);
    } else if (token.startsWith('</')) {
      if (open.length === 1 || local(token.slice(2, -1).trim()) !== current.name)
        throw new Error(`${token} closes nothing`);
      open.pop();
    }
  }
  const [root] = document.children;
  if (open.length > 1 || root === undefined) throw new Error('the XML ends too early');
  return root;
}

/** The first element of a name within another one, at any depth. */
export function findXml(within: XmlElement, name: string): XmlElement | undefined {
  return within.name === name ? within : within.children.map((child) => findXml(child, name)).find(Boolean);
}

/** Text as it stands in XML. What XML 1.0 cannot hold at all is left out. */
export function escapeXml(text: string): string {
  const marks: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' };
  return text.replace(/[<>&"]/g, (mark) => marks[mark]!).replace(/(?![\t\n\r])\p{Cc}/gu, '');
}

/** The text that its form in XML stands for. */
export function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return ENTITIES[name] ?? all;
    return String.fromCodePoint(hex === undefined ? Number(decimal) : parseInt(hex, 16));
  });
}

function attributesOf(text: string): Record<string, string> {
  const all = [...text.matchAll(ATTRIBUTE)];
  return Object.fromEntries(all.map(([, name, double, single]) => [local(name!), unescapeXml(double ?? single ?? '')]));
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
