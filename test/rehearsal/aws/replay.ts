import { send, type Signer } from '../client';
import { at, errorCode } from './model';
import { readXml, type Element } from './model/xml';
import { spec } from './specs';

/** A request that Packer sent, as it was. */
export interface RecordedCall {
  readonly action: string;
  readonly params: Readonly<Record<string, string>>;
}

/** A call that was sent again, with the ids of this server. */
export interface Replayed extends RecordedCall {
  readonly status: number;
  readonly code?: string;
  /** The answer's paths of names, sorted: `imagesSet.item.imageId`. */
  readonly shape: readonly string[];
  readonly body: string;
}

/** The calls of one `amazon-ebs` build of Packer 1.6.6. */
export function recordedCalls(): readonly RecordedCall[] {
  return (spec('aws', 'recorded', 'packer-1.6.6-amazon-ebs.calls.json') as { calls: RecordedCall[] }).calls;
}

const ID = /^(ami|i|sg|snap|vol)-[0-9a-f]+$/;
/** States that pass by themselves. */
const PASSING = new Set(['pending', 'stopping', 'shutting-down']);

/**
 * Sends the calls in their order. Ids of things that the server made are taken from its answers: the newest of their kind that
 * was not there before. As Packer did, asks again where a state has yet to come.
 */
export async function replay(
  url: string,
  calls: readonly RecordedCall[],
  within: number,
  signer: Signer = {},
): Promise<Replayed[]> {
  const ours = new Map<string, string>();
  const newest = new Map<string, string>();
  const seen = new Set<string>();
  const done: Replayed[] = [];
  const until = Date.now() + within;
  for (const call of calls) {
    const params = Object.fromEntries(
      Object.entries(call.params).map(([name, value]) => {
        const kind = ID.exec(value)?.[1];
        if (kind === undefined) return [name, value];
        const known = ours.get(value) ?? newest.get(kind) ?? value;
        ours.set(value, known);
        return [name, known];
      }),
    );
    let answer = await send(url, 'ec2', call.action, params, signer);
    while (isPassing(call, answer.body) && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      answer = await send(url, 'ec2', call.action, params, signer);
    }
    const root = readXml(answer.body);
    for (const id of idsIn(root)) {
      if (seen.has(id)) continue;
      seen.add(id);
      newest.set(ID.exec(id)![1]!, id);
    }
    const code = answer.status >= 300 ? errorCode(answer.body) : undefined;
    done.push({
      action: call.action,
      params,
      status: answer.status,
      shape: pathsOf(root),
      body: answer.body,
      ...(code !== undefined && { code }),
    });
  }
  return done;
}

/** Whether a question for one thing must be asked again. */
function isPassing({ action, params }: RecordedCall, body: string): boolean {
  if (params['InstanceId.1'] === undefined && params['ImageId.1'] === undefined) return false;
  if (!action.startsWith('Describe')) return false;
  const state = /<(?:imageState)>([^<]*)<|<instanceState>.*?<name>([^<]*)</s.exec(body);
  return PASSING.has(state?.[1] ?? state?.[2] ?? '');
}

/** All ids in an answer; of images the one last that is taken: the most recent for machines of the recorded type. */
function idsIn(root: Element): string[] {
  const images = root.children.find(({ name }) => name === 'imagesSet')?.children ?? [];
  const rank = (image: Element): string =>
    (at(image, 'item/architecture')?.text === 'x86_64' ? '1 ' : '0 ') + (at(image, 'item/creationDate')?.text ?? '');
  const parts = images.length > 0 ? [...images].sort((a, b) => rank(a).localeCompare(rank(b))) : [root];
  return parts.flatMap(textsOf).filter((text) => ID.test(text));
}

function textsOf(element: Element): string[] {
  return element.children.length === 0 ? [element.text] : element.children.flatMap(textsOf);
}

/** The paths of names below a root, each once. */
export function pathsOf(root: Element): string[] {
  const below = (element: Element, path: string): string[] =>
    element.children.flatMap((child) => {
      const own = path === '' ? child.name : `${path}.${child.name}`;
      return [own, ...below(child, own)];
    });
  return [...new Set(below(root, ''))].sort();
}
