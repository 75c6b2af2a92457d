import type { FormNode } from './form';
import type { Element } from './xml';
import { requestName, responseName, type Member, type ServiceModel, type Shape } from './service-model';

/** A part of a list, a structure or a map, with what its path goes on with. */
export interface Part<N> {
  readonly name: string;
  readonly step: string;
  readonly node: N;
}

/** How a protocol writes the types of a model. What cannot be that type gives a string: what it is instead. */
export interface Wire<N> {
  nameOf(name: string, member: Member): string;
  fields(node: N): readonly Part<N>[] | string;
  items(node: N, list: Shape): readonly Part<N>[] | string;
  entries(node: N): readonly Part<N>[] | string;
  /** Text where the protocol has only text, else the JSON value; undefined where it is no scalar. */
  scalar(node: N): string | number | boolean | undefined;
  /** Whether numbers, booleans and times are written as text. */
  readonly textual: boolean;
}

/** Forms, as requests of the protocols `ec2` and `query` have them. */
export function formWire(model: ServiceModel): Wire<FormNode> {
  return {
    textual: true,
    nameOf: (name, member) => requestName(model, name, member),
    fields: (node) => (node.value === undefined ? parts(node) : `the value ${JSON.stringify(node.value)}`),
    items: (node, list) => {
      // An empty list is written as its name alone.
      if (node.children.size === 0) return node.value === '' ? [] : `the value ${JSON.stringify(node.value)}`;
      if (model.metadata.protocol === 'ec2') return numbered(node, '');
      const name = list.member?.locationName ?? 'member';
      const only = node.children.get(name);
      if (!only || node.children.size > 1) return `${[...node.children.keys()].join(', ')} where .${name}.N belongs`;
      return numbered(only, `.${name}`);
    },
    entries: () => 'a form',
    scalar: (node) => (node.children.size === 0 ? node.value : undefined),
  };
}

function parts(node: FormNode): Part<FormNode>[] {
  return [...node.children].map(([name, child]) => ({ name, step: `.${name}`, node: child }));
}

/** The parts of a list, which are counted from 1 without a gap. */
function numbered(node: FormNode, before: string): readonly Part<FormNode>[] | string {
  const names = [...node.children.keys()];
  const gap = names.length === 0 || names.some((_, index) => !node.children.has(String(index + 1)));
  if (gap || node.value !== undefined) return `the parts ${names.join(', ')} where .1, .2 and so on belong`;
  return parts(node).map((part) => ({ ...part, step: before + part.step }));
}

/** XML, as answers of the protocols `ec2` and `query` have it. */
export const xmlWire: Wire<Element> = {
  textual: true,
  nameOf: responseName,
  fields: (node) =>
    node.text.trim() === ''
      ? node.children.map((child) => ({ name: child.name, step: `.${child.name}`, node: child }))
      : `the text ${JSON.stringify(node.text)}`,
  items: (node, list) => {
    const name = list.member?.locationName ?? 'member';
    const other = node.children.find((child) => child.name !== name);
    if (other) return `<${other.name}> where <${name}> belongs`;
    if (node.text.trim() !== '') return `the text ${JSON.stringify(node.text)}`;
    return node.children.map((child, index) => ({ name, step: `.${name}[${index}]`, node: child }));
  },
  entries: () => 'XML',
  scalar: (node) => (node.children.length === 0 ? node.text : undefined),
};

/** JSON, as both ways of the protocol `json` have it. */
export const jsonWire: Wire<unknown> = {
  textual: false,
  nameOf: responseName,
  fields: (node) => membersOf(node),
  items: (node) =>
    Array.isArray(node)
      ? node.map((item: unknown, index) => ({ name: String(index), step: `[${index}]`, node: item }))
      : said(node),
  entries: (node) => membersOf(node),
  scalar: (node) =>
    typeof node === 'string' || typeof node === 'number' || typeof node === 'boolean' ? node : undefined,
};

function membersOf(node: unknown): readonly Part<unknown>[] | string {
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return said(node);
  return Object.entries(node).map(([name, value]: [string, unknown]) => ({ name, step: `.${name}`, node: value }));
}

function said(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}
