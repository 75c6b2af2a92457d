import { formTree, readForm } from './form';
import { serviceModel, type Operation, type ServiceModel } from './service-model';
import { problemsIn } from './walk';
import { formWire, jsonWire, xmlWire } from './wire';
import { readXml, type Element } from './xml';

/** A request's parameters: names to values of a form, or the JSON. */
export type RequestParams = Readonly<Record<string, unknown>>;

/** Parameters of a form that are the protocol's, not the call's: presigned requests carry the others. */
const OF_THE_PROTOCOL = /^(Action|Version|X-Amz-.*)$/;

/** What the published model does not allow in a request, a line each; none where all is well. */
export function checkRequest(service: string, action: string, params: RequestParams): string[] {
  return withOperation(service, action, (model, operation) => {
    const path = `${action}.request`;
    const { protocol, apiVersion } = model.metadata;
    if (protocol === 'json') return inputProblems(model, operation, path, params);
    const form = params as Readonly<Record<string, string>>;
    const version = form['Version'] ?? apiVersion;
    return [
      ...(version === apiVersion ? [] : [`${path}.Version: ${version} is not ${apiVersion}`]),
      ...inputProblems(
        model,
        operation,
        path,
        Object.fromEntries(Object.entries(form).filter(([name]) => !OF_THE_PROTOCOL.test(name))),
      ),
    ];
  });
}

function inputProblems(model: ServiceModel, { input }: Operation, path: string, params: RequestParams): string[] {
  if (!input) return Object.keys(params).map((name) => `${path}.${name}: not in the model`);
  if (model.metadata.protocol === 'json') return problemsIn(model, jsonWire, input, params, path);
  return problemsIn(model, formWire(model), input, formTree(params as Readonly<Record<string, string>>), path);
}

/** As {@link checkRequest}, for a body as it was sent. */
export function checkRequestBody(service: string, action: string, body: string): string[] {
  const path = `${action}.request`;
  if (serviceModel(service)?.metadata.protocol === 'json') {
    const value = parsed(body === '' ? '{}' : body);
    return value === undefined ? [`${path}: is no JSON`] : checkRequest(service, action, value as RequestParams);
  }
  const { params, repeated } = readForm(body);
  return [...repeated.map((name) => `${path}.${name}: is there twice`), ...checkRequest(service, action, params)];
}

/** What the published model does not allow in the answer to a call that worked. */
export function checkResponse(service: string, action: string, body: string): string[] {
  return withOperation(service, action, (model, { output }) => {
    const path = `${action}.response`;
    if (model.metadata.protocol === 'json') {
      const value = parsed(body === '' ? '{}' : body);
      if (value === undefined) return [`${path}: is no JSON`];
      return output ? problemsIn(model, jsonWire, output, value, path) : [];
    }
    const root = xmlOf(body);
    if (typeof root === 'string') return [`${path}: ${root}`];
    const found = envelope(model, root, `${action}Response`, path);
    if (model.metadata.protocol === 'ec2') return [...found, ...ofEc2(model, output, root, path)];
    return [...found, ...ofQuery(model, output, root, path)];
  });
}

/** What is wrong with the envelope of an answer that says why a call failed. */
export function checkError(service: string, action: string, body: string): string[] {
  return withOperation(service, action, (model) => {
    const path = `${action}.error`;
    if (model.metadata.protocol === 'json') {
      const value = parsed(body) as { __type?: unknown } | undefined;
      return typeof value?.__type === 'string' ? [] : [`${path}.__type: is required and not there`];
    }
    const root = xmlOf(body);
    if (typeof root === 'string') return [`${path}: ${root}`];
    const wanted =
      model.metadata.protocol === 'ec2'
        ? ['Response/Errors/Error/Code', 'Response/Errors/Error/Message', 'Response/RequestID']
        : [
            'ErrorResponse/Error/Type',
            'ErrorResponse/Error/Code',
            'ErrorResponse/Error/Message',
            'ErrorResponse/RequestId',
          ];
    return wanted.filter((place) => !at(root, place)).map((place) => `${path}: <${place}> is not there`);
  });
}

/** The code of the error in such an answer. */
export function errorCode(body: string): string | undefined {
  const json = parsed(body) as { __type?: string } | undefined;
  if (json?.__type !== undefined) return json.__type.replace(/^.*#/, '');
  return /<Code>([^<]*)<\/Code>/.exec(body)?.[1];
}

function withOperation(
  service: string,
  action: string,
  body: (model: ServiceModel, operation: Operation) => string[],
): string[] {
  const model = serviceModel(service);
  const operation = model?.operations[action];
  if (!model) return [`${action}: no model of the service ${service}`];
  return operation ? body(model, operation) : [`${action}: no such call in the model of ${service}`];
}

function envelope(model: ServiceModel, root: Element, name: string, path: string): string[] {
  const space = root.attributes['xmlns'] ?? '';
  const bare = (text: string): string => text.replace(/^https?:/, '').replace(/\/$/, '');
  const wanted = model.metadata.xmlNamespace ?? '';
  return [
    ...(root.name === name ? [] : [`${path}: is <${root.name}>, not <${name}>`]),
    ...(bare(space) === bare(wanted) ? [] : [`${path}: its namespace is ${JSON.stringify(space)}, not ${wanted}`]),
  ];
}

function ofEc2(model: ServiceModel, output: Operation['output'], root: Element, path: string): string[] {
  const ids = root.children.filter(({ name }) => name === 'requestId');
  const rest = root.children.filter(({ name }) => name !== 'requestId');
  const without = ids.length === 1 ? [] : [`${path}.requestId: is there ${ids.length} times`];
  if (output) return [...without, ...problemsIn(model, xmlWire, output, { ...root, children: rest }, path)];
  // A call that has nothing to say answers that it worked; the model leaves that out.
  const others = rest.filter(({ name, text }) => name !== 'return' || !/^(true|false)$/.test(text));
  return [...without, ...others.map(({ name }) => `${path}.${name}: not in the model`)];
}

function ofQuery(model: ServiceModel, output: Operation['output'], root: Element, path: string): string[] {
  const wrapper = output?.resultWrapper;
  const result = root.children.find(({ name }) => name === wrapper);
  const others = root.children.filter(({ name }) => name !== wrapper && name !== 'ResponseMetadata');
  return [
    ...(at(root, `${root.name}/ResponseMetadata/RequestId`)
      ? []
      : [`${path}.ResponseMetadata.RequestId: is not there`]),
    ...others.map(({ name }) => `${path}.${name}: not in the model`),
    ...(output && !result ? [`${path}.${wrapper}: is not there`] : []),
    ...(output && result ? problemsIn(model, xmlWire, output, result, `${path}.${wrapper}`) : []),
  ];
}

/** The element at a path of names. */
export function at(root: Element, path: string): Element | undefined {
  const [first, ...rest] = path.split('/');
  if (root.name !== first) return undefined;
  return rest.reduce<Element | undefined>((node, name) => node?.children.find((child) => child.name === name), root);
}

function xmlOf(body: string): Element | string {
  try {
    return readXml(body);
  } catch (error) {
    return (error as Error).message;
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
