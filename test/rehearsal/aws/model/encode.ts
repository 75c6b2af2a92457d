import { requestName, responseName, shapeOf, type Member, type ServiceModel } from './service-model';
import { writeXml, type Element } from './xml';

/** Writes a call's input, in the names of the model, as the parameters of a form. */
export function encodeForm(
  model: ServiceModel,
  ref: { readonly shape: string },
  input: unknown,
): Record<string, string> {
  const params: Record<string, string> = {};
  const write = (member: { readonly shape: string }, value: unknown, prefix: string): void => {
    const shape = shapeOf(model, member);
    if (shape.type === 'structure') {
      for (const [name, child] of Object.entries(value as object) as [string, unknown][]) {
        const found = memberOf(shape.members, name);
        write(found, child, [prefix, requestName(model, name, found)].filter(Boolean).join('.'));
      }
    } else if (shape.type === 'list') {
      const items = value as readonly unknown[];
      const list = model.metadata.protocol === 'ec2' ? prefix : `${prefix}.${shape.member!.locationName ?? 'member'}`;
      if (items.length === 0) params[prefix] = '';
      items.forEach((item, index) => write(shape.member!, item, `${list}.${index + 1}`));
    } else {
      params[prefix] = textOf(shape.type, value);
    }
  };
  write(ref, input, '');
  return params;
}

/** Writes a call's output as the answer's XML. */
export function encodeXml(model: ServiceModel, action: string, output: unknown): string {
  const id = '9ba6a1d6-9f6e-4f5f-8e0a-000000000000';
  const operation = model.operations[action]!;
  const wrapper = operation.output?.resultWrapper;
  const result = operation.output ? elementOf(model, operation.output, output ?? {}, wrapper ?? '') : undefined;
  const children =
    model.metadata.protocol === 'ec2'
      ? [leaf('requestId', id), ...(result?.children ?? [])]
      : [...(result ? [result] : []), { ...leaf('ResponseMetadata', ''), children: [leaf('RequestId', id)] }];
  const xmlns = model.metadata.xmlNamespace ?? '';
  return `<?xml version="1.0" encoding="UTF-8"?>\n${writeXml({ name: `${action}Response`, attributes: { xmlns }, children, text: '' })}`;
}

function elementOf(model: ServiceModel, ref: { readonly shape: string }, value: unknown, name: string): Element {
  const shape = shapeOf(model, ref);
  if (shape.type === 'structure') {
    const children = (Object.entries(value as object) as [string, unknown][]).map(([key, child]) => {
      const member = memberOf(shape.members, key);
      return elementOf(model, member, child, responseName(key, member));
    });
    return { ...leaf(name, ''), children };
  }
  if (shape.type === 'list') {
    const item = shape.member!;
    const children = (value as readonly unknown[]).map((child) =>
      elementOf(model, item, child, item.locationName ?? 'member'),
    );
    return { ...leaf(name, ''), children };
  }
  return leaf(name, textOf(shape.type, value));
}

/** Writes a value as the JSON of the protocol: times are seconds. */
export function encodeJson(model: ServiceModel, ref: { readonly shape: string }, value: unknown): unknown {
  const shape = shapeOf(model, ref);
  if (shape.type === 'list') return (value as readonly unknown[]).map((item) => encodeJson(model, shape.member!, item));
  if (shape.type === 'structure') {
    const entries = Object.entries(value as object) as [string, unknown][];
    return Object.fromEntries(
      entries.map(([name, child]) => [name, encodeJson(model, memberOf(shape.members, name), child)]),
    );
  }
  if (shape.type !== 'timestamp' || typeof value !== 'string') return value;
  // Some examples have their seconds in quotes.
  return Number.isNaN(Number(value)) ? Date.parse(value) / 1000 : Number(value);
}

function memberOf(members: Readonly<Record<string, Member>> | undefined, name: string): Member {
  const member = members?.[name];
  if (!member) throw new Error(`an example has ${name}, which its model does not`);
  return member;
}

function leaf(name: string, text: string): Element {
  return { name, attributes: {}, children: [], text };
}

function textOf(type: string, value: unknown): string {
  if (type === 'timestamp') return new Date(value as string | number).toISOString();
  return String(value);
}
