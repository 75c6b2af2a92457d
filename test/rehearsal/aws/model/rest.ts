import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { botocoreModel } from '../tools';
import { scalarProblem } from './scalar';
import { serviceModel, shapeOf, type Member, type Operation, type ServiceModel, type Shape } from './service-model';
import { problemsIn } from './walk';
import { jsonWire, xmlWire } from './wire';
import { readXml, type Element } from './xml';

type Located = Member & { readonly location?: 'uri' | 'querystring' | 'header' | 'headers' | 'statusCode' };
type RestShape = Shape & { readonly payload?: string };
type RestOperation = Operation & {
  readonly http: { readonly method: string; readonly requestUri: string; readonly responseCode?: number };
};

/** A call by method and path, and its answer. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly answer: { readonly status: number; readonly headers: OutgoingHttpHeaders; readonly body: Buffer };
}

/** Services of the protocols `rest-json` and `rest-xml` that are looked at. */
const REST = ['ebs', 's3'];
/** Headers of HTTP, of signatures and of the SDKs, which no model names. */
const COMMON =
  /^(host|connection|accept|accept-encoding|authorization|user-agent|x-amz-user-agent|x-amz-date|x-amz-content-sha256|x-amz-security-token|amz-sdk-.*|content-length|transfer-encoding|x-amz-decoded-content-length|x-amz-trailer|date|keep-alive|x-amzn-requestid|x-amzn-errortype|content-type|location|accept-ranges|etag|last-modified|expect)$/;

/** What the published model does not allow in an exchange; undefined where there is no model of the service. */
export function restProblems(
  service: string,
  exchange: Exchange,
): { readonly request: readonly string[]; readonly response: readonly string[] } | undefined {
  const model = REST.includes(service) ? (serviceModel(service) ?? botocoreModel(service)) : undefined;
  if (!model) return undefined;
  const found = operationOf(model, exchange);
  if (!found)
    return { request: [`${exchange.method} ${exchange.url}: no such call in the model of ${service}`], response: [] };
  const { operation, params } = found;
  const { answer } = exchange;
  const response =
    answer.status >= 300
      ? errorProblems(model, operation, answer)
      : [
          ...statusProblem(operation, answer.status),
          ...sideProblems(
            model,
            operation.output,
            `${operation.name}.response`,
            answer.headers,
            answer.body,
            new Map(),
          ),
        ];
  const request = sideProblems(
    model,
    operation.input,
    `${operation.name}.request`,
    exchange.headers,
    exchange.body,
    params,
  );
  return { request, response };
}

function operationOf(
  model: ServiceModel,
  { method, url }: Exchange,
): { readonly operation: RestOperation; readonly params: ReadonlyMap<string, string> } | undefined {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const fits = (Object.values(model.operations) as RestOperation[]).flatMap((operation) => {
    const [path = '', query = ''] = operation.http.requestUri.split('?');
    if (operation.http.method !== method) return [];
    const names = [...path.matchAll(/\{(\w+)\+?\}/g)].map(([, name]) => name!);
    const pattern = path.replace(/\{\w+\+\}/g, '(.+)').replace(/\{\w+\}/g, '([^/]+)');
    const match = new RegExp(`^${pattern}/?$`).exec(pathname);
    const needed = [...new URLSearchParams(query)];
    if (!match || needed.some(([name, value]) => searchParams.get(name) !== value)) return [];
    const members = membersOf(model, operation.input);
    const missing = members.filter(
      ([name, one]) => one.location === 'querystring' && isRequired(model, operation.input, name),
    );
    if (missing.some(([, one]) => !searchParams.has(one.locationName!))) return [];
    const params = new Map(names.map((name, index) => [`uri ${name}`, decodeURIComponent(match[index + 1]!)]));
    for (const [name, value] of searchParams)
      if (!needed.some(([one]) => one === name)) params.set(`query ${name}`, value);
    return [{ operation, params, weight: needed.length + missing.length }];
  });
  // Of several calls at one address, the one that asks for more in the query is meant; the SDKs name it, too.
  const named = searchParams.get('x-id');
  return fits.find(({ operation }) => operation.name === named) ?? fits.sort((a, b) => b.weight - a.weight)[0];
}

function membersOf(model: ServiceModel, ref: { readonly shape: string } | undefined): [string, Located][] {
  return ref ? (Object.entries(shapeOf(model, ref).members ?? {}) as [string, Located][]) : [];
}

function isRequired(model: ServiceModel, ref: { readonly shape: string } | undefined, name: string): boolean {
  return ref !== undefined && (shapeOf(model, ref).required ?? []).includes(name);
}

function sideProblems(
  model: ServiceModel,
  ref: { readonly shape: string } | undefined,
  path: string,
  headers: IncomingHttpHeaders | OutgoingHttpHeaders,
  body: Buffer,
  params: ReadonlyMap<string, string>,
): string[] {
  const members = membersOf(model, ref);
  const problems: string[] = [];
  const known = new Set<string>();
  for (const [name, member] of members) {
    const where = member.locationName ?? name;
    const place = { uri: `uri ${where}`, querystring: `query ${where}`, header: where.toLowerCase() }[
      member.location as 'uri'
    ];
    if (place === undefined) continue;
    known.add(place);
    const value = member.location === 'header' ? headers[place] : params.get(place);
    const shape = shapeOf(model, member);
    if (value === undefined) {
      if (isRequired(model, ref, name)) problems.push(`${path}.${name}: is required and not there`);
    } else if (shape.type !== 'timestamp') {
      const problem = scalarProblem(shape, String(value), true);
      if (problem !== undefined) problems.push(`${path}.${name}: ${problem}`);
    }
  }
  const strange = [...params.keys(), ...Object.keys(headers)].filter((name) => !known.has(name) && !COMMON.test(name));
  problems.push(
    ...strange.filter((name) => name !== 'query x-id').map((name) => `${path}: ${name} is not in the model`),
  );
  return [...problems, ...bodyProblems(model, ref, path, body)];
}

function bodyProblems(
  model: ServiceModel,
  ref: { readonly shape: string } | undefined,
  path: string,
  body: Buffer,
): string[] {
  const shape = ref && (shapeOf(model, ref) as RestShape);
  const payload = shape?.payload === undefined ? undefined : shape.members![shape.payload]!;
  if (payload && shapeOf(model, payload).type === 'blob') return [];
  const inBody = membersOf(model, ref).filter(([, { location }]) => location === undefined);
  if (!ref || inBody.length === 0) return /^(\{\})?$/.test(body.toString('latin1')) ? [] : [`${path}: has a body`];
  if (body.length === 0) return inBody.some(([name]) => isRequired(model, ref, name)) ? [`${path}: has no body`] : [];
  const members = Object.fromEntries(inBody);
  const required = (shape!.required ?? []).filter((name) => name in members);
  // What lies elsewhere is looked at there.
  const whole = payload ?? { shape: `${ref.shape} in the body` };
  const shapes = payload ? model.shapes : { ...model.shapes, [whole.shape]: { ...shape!, members, required } };
  const bare = { ...model, shapes };
  if ((model.metadata.protocol as string) === 'rest-json') {
    return problemsIn(bare, jsonWire, whole, JSON.parse(body.toString('utf8')) as unknown, path);
  }
  return problemsIn(bare, xmlWire, whole, regrouped(bare, whole, readXml(body.toString('utf8'))), path);
}

/** Lists that S3 writes as elements beside each other, as one element with theirs. */
function regrouped(model: ServiceModel, ref: { readonly shape: string }, element: Element): Element {
  const members = membersOf(model, ref);
  const children: Element[] = [];
  const lists = new Map<string, Element[]>();
  for (const child of element.children) {
    const [, member] = members.find(([name, one]) => (one.locationName ?? name) === child.name) ?? [];
    const shape = member && shapeOf(model, member);
    const inner = shape?.flattened === true ? shape.member : member;
    const whole = inner && shapeOf(model, inner).type === 'structure' ? regrouped(model, inner, child) : child;
    if (shape?.flattened !== true) children.push(whole);
    else
      lists.set(child.name, [
        ...(lists.get(child.name) ?? []),
        { ...whole, name: shape.member?.locationName ?? 'member' },
      ]);
  }
  for (const [name, items] of lists) children.push({ name, attributes: {}, children: items, text: '' });
  return { ...element, children };
}

function statusProblem({ name, http }: RestOperation, status: number): string[] {
  const wanted = http.responseCode ?? 200;
  return status === wanted || status === 206 ? [] : [`${name}.response: the status is ${status}, not ${wanted}`];
}

/** An error must be one that the model names for the call, with its status; S3's model names few of its errors. */
function errorProblems(
  model: ServiceModel,
  operation: RestOperation,
  { status, headers, body }: Exchange['answer'],
): string[] {
  const path = `${operation.name}.error`;
  if ((model.metadata.protocol as string) !== 'rest-json') {
    return body.length === 0 || readXml(body.toString('utf8')).name === 'Error' ? [] : [`${path}: is no <Error>`];
  }
  const code = String(headers['x-amzn-errortype']).replace(/[:#].*$/, '');
  if (!operation.errors?.some(({ shape }) => shape === code)) return [`${path}: ${code} is not in the model`];
  const { error } = model.shapes[code] as Shape & { readonly error?: { readonly httpStatusCode?: number } };
  const wanted = error?.httpStatusCode;
  return [
    ...(status === wanted ? [] : [`${path}: the status of ${code} is ${status}, not ${wanted}`]),
    ...problemsIn(model, jsonWire, { shape: code }, JSON.parse(body.toString('utf8')) as unknown, path),
  ];
}
