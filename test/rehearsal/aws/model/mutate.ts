import type { Seeded } from '../../../helpers/seeded';
import { requestName, shapeOf, type ServiceModel } from './service-model';
import { readXml, writeXml, type Element } from './xml';

/** A wrong copy, and what was done to it. Undefined where that kind of wrong cannot be made of the original. */
export interface Mutant<T> {
  readonly how: string;
  readonly wrong: T;
}

/** The kinds of wrong that a client or a server can be. */
export const WRONGS = ['unknown name', 'wrong type', 'missing'] as const;

/** One of them. */
export type Wrong = (typeof WRONGS)[number];

type Params = Readonly<Record<string, string>>;

/** A wrong request in a form. */
export function mutateForm(
  model: ServiceModel,
  action: string,
  params: Params,
  wrong: Wrong,
  by: Seeded,
): Mutant<Params> | undefined {
  const names = Object.keys(params);
  if (wrong === 'missing') {
    const input = model.operations[action]!.input;
    const shape = input && shapeOf(model, input);
    const required = (shape?.required ?? []).map((name) => requestName(model, name, shape!.members![name]!));
    if (required.length === 0) return undefined;
    const gone = by.pick(required);
    const left = names.filter((name) => name !== gone && !name.startsWith(`${gone}.`));
    return { how: `without ${gone}`, wrong: Object.fromEntries(left.map((name) => [name, params[name]!])) };
  }
  if (names.length === 0) return undefined;
  const name = by.pick(names);
  const { [name]: value, ...rest } = params;
  if (wrong === 'unknown name') {
    const bad = misspelt(name, by);
    return { how: `${name} as ${bad}`, wrong: { ...rest, [bad]: value! } };
  }
  const other = otherType(value!);
  return other === undefined
    ? { how: `${name} as a structure`, wrong: { ...rest, [`${name}.Value`]: value! } }
    : { how: `${name} as ${other}`, wrong: { ...rest, [name]: other } };
}

/** A wrong answer in XML. */
export function mutateXml(document: string, wrong: Wrong, by: Seeded): Mutant<string> | undefined {
  const root = readXml(document);
  if (wrong === 'missing') {
    const gone = by.pick(idsOf(root));
    return { how: `without <${gone.name}>`, wrong: writeXml(replaced(root, gone, [])) };
  }
  const elements = descendants(root).filter(({ name }) => !/^(requestId|ResponseMetadata|RequestId)$/.test(name));
  if (elements.length === 0) return undefined;
  const element = by.pick(elements);
  if (wrong === 'unknown name') {
    const name = misspelt(element.name, by);
    return { how: `<${element.name}> as <${name}>`, wrong: writeXml(replaced(root, element, [{ ...element, name }])) };
  }
  const text = element.children.length > 0 ? 'text' : otherType(element.text);
  const inside: Element = { name: 'value', attributes: {}, children: [], text: element.text };
  const changed = text === undefined ? { ...element, text: '', children: [inside] } : { ...element, text };
  return {
    how: `<${element.name}> with ${text ?? 'a structure'}`,
    wrong: writeXml(replaced(root, element, [changed])),
  };
}

/** A wrong request or answer in JSON. */
export function mutateJson(
  value: object,
  wrong: Wrong,
  by: Seeded,
  required: readonly string[],
): Mutant<object> | undefined {
  const members = value as Readonly<Record<string, unknown>>;
  const names = wrong === 'missing' ? required.filter((name) => name in members) : Object.keys(members);
  if (names.length === 0) return undefined;
  const name = by.pick(names);
  const { [name]: old, ...rest } = members;
  if (wrong === 'missing') return { how: `without ${name}`, wrong: rest };
  if (wrong === 'unknown name') return { how: `${name} misspelt`, wrong: { ...rest, [misspelt(name, by)]: old } };
  return {
    how: `${name} of another type`,
    wrong: { ...rest, [name]: typeof old === 'object' ? 'text' : { value: old } },
  };
}

/** As a hand slips, or a case is wrong. */
function misspelt(name: string, by: Seeded): string {
  const last = name.split('.').at(-1)!;
  const before = name.slice(0, name.length - last.length);
  if (/^\d+$/.test(last)) return `${name}.Value`;
  const flipped =
    last.charAt(0) === last.charAt(0).toUpperCase() ? last.charAt(0).toLowerCase() : last.charAt(0).toUpperCase();
  return before + by.pick([`${last}x`, flipped + last.slice(1), `${last.slice(0, -1)}_`]);
}

/** A value that is not of the type that another seems to be of; undefined for text, of which any value is. */
function otherType(value: string): string | undefined {
  if (/^(true|false)$/.test(value)) return 'yes';
  // Longer ones are accounts, which are text.
  if (/^-?\d{1,8}$/.test(value)) return 'twelve';
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return 'yesterday';
  return undefined;
}

function descendants(element: Element): Element[] {
  return element.children.flatMap((child) => [child, ...descendants(child)]);
}

function idsOf(root: Element): Element[] {
  return descendants(root).filter(({ name }) => /^requestId$/i.test(name));
}

function replaced(root: Element, old: Element, by: readonly Element[]): Element {
  const children = root.children.flatMap((child) => (child === old ? by : [replaced(child, old, by)]));
  return { ...root, children };
}
