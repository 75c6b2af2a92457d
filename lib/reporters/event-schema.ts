import { z } from 'zod';
import type { NodeState, RunEvent, StepState } from '../engine/events';
import { ERROR_CODES, type ErrorCode } from '../errors';
import type { ResourceRecord } from '../extension/artifact';
import { EVENTS_VERSION } from './json';

/** What docs/events.md says of each part: names of shapes, and what fields mean. */
export const eventDocs = z.registry<{ readonly id?: string; readonly description?: string }>();

function as<T extends z.ZodType>(schema: T, description: string, id?: string): T {
  eventDocs.add(schema, id === undefined ? { description } : { id, description });
  return schema;
}

const text = (description: string) => as(z.string(), description);
const count = (description: string) => as(z.number().int().min(0), description);
const ms = (description: string) => as(z.number().min(0), description);
const texts = (description: string) => as(z.array(z.string()), description);
const json = (description: string) => as(z.json() as unknown as z.ZodType<ResourceRecord['locator']>, description);

const nodeState = z.enum([
  'pending',
  'running',
  'succeeded',
  'cached',
  'failed',
  'skipped',
  'cancelled',
] satisfies NodeState[]);
const stepState = z.enum(['succeeded', 'cached', 'failed', 'tolerated', 'skipped'] satisfies StepState[]);
const node = () => text('Path of the node, such as `Web/Docker`');
const step = () => as(z.string().optional(), 'The step that it belongs to; absent for what belongs to no step');

const problem = as(
  z.strictObject({
    code: as(z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]), 'Stable: match on this'),
    message: text('What is wrong, what was given, what is allowed'),
    path: as(z.string().optional(), 'Path of the construct'),
    source: as(z.string().optional(), 'Line of the program that made the construct, such as `images.ts:23`'),
    hint: as(z.string().optional(), 'What to do'),
    output: as(z.string().optional(), 'The last lines that the failing thing printed'),
  }),
  'What went wrong.',
  'Problem',
);

const resource = as(
  z.strictObject({
    kind: text('What it is, led by the type key of its platform, such as `docker:container`'),
    id: as(z.string().optional(), "The platform's id"),
    token: text('Idempotency token of its creation'),
    locator: json('Where it was created'),
  }),
  'Something that was created and can be deleted again.',
  'ResourceRecord',
);

const file = as(
  z.strictObject({
    path: text('Relative to the project, or absolute where it was given so'),
    size: count('Bytes'),
    sha256: as(z.string().optional(), 'In hex, where it is known'),
  }),
  'A file of an artifact.',
  'ArtifactFile',
);

const artifact = as(
  z.strictObject({
    use: text('Type key of what made it'),
    kind: text('What it is, such as `docker-image`, `oci-archive`, `files`'),
    id: text("The platform's id of it"),
    description: as(z.string().optional(), 'One line for people'),
    files: as(z.array(file), 'Files that it consists of'),
    resources: as(z.array(resource), 'What must exist for it to count as there'),
    outputs: as(
      z.record(z.string(), z.json()) as unknown as z.ZodType<Record<string, ResourceRecord['locator']>>,
      'What other nodes can read of it',
    ),
  }),
  'What a build or a post-processor made.',
  'Artifact',
);

const cache = as(
  z.strictObject({
    builtAt: ms('When it was built, milliseconds since the epoch'),
    refresh: text('How to build it anew'),
  }),
  'What was taken from the cache.',
  'CacheUse',
);

const check = () => ({
  name: text('What was looked at, such as `port 80/tcp`'),
  state: as(z.enum(['passed', 'failed', 'skipped']), 'How it went'),
  wrong: texts('What is wrong, each a clause that follows the name; empty where it did not fail'),
  output: as(z.string().optional(), 'The last lines that the thing in question printed, where they help'),
});

const checkResult = as(z.strictObject(check()), 'How a check of a verification went.', 'CheckResult');

const result = () => ({
  state: as(nodeState.clone(), 'How it ended'),
  duration: ms('Milliseconds'),
  artifact: as(artifact.optional(), 'What it made, or what the cache had'),
  cache: as(cache.optional(), 'Where it is `cached`: how old that is'),
  error: as(problem.optional(), 'Where it is `failed`: why'),
  checks: as(z.array(checkResult).optional(), 'Of a verification: how its checks went, also where it is `cached`'),
  because: as(z.array(z.string()).optional(), 'Where it is `skipped`: the nodes that made it so'),
});

const stepSummary = as(
  z.strictObject({ id: text('Its path; for a step of the engine its name'), use: text('Type key of what runs it') }),
  'A step of a node.',
  'StepSummary',
);

const nodeSummary = as(
  z.strictObject({
    id: node(),
    kind: as(z.enum(['build', 'verify', 'process']), 'What it does'),
    use: text('Type key of what runs it, such as `docker`'),
    dependsOn: texts('Ids of the nodes that it waits for'),
    steps: as(z.array(stepSummary), 'In order; for a build with those the engine adds, such as `launch` and `capture`'),
  }),
  'A node of the plan.',
  'NodeSummary',
);

const nodeResult = as(z.strictObject({ id: node(), ...result() }), 'How a node ended.', 'NodeResult');

const left = as(
  z.strictObject({
    kind: text('What it is, such as `docker:container`'),
    id: text("The platform's id"),
    node: text('The node that created it'),
    why: as(z.enum(['kept', 'leaked']), '`kept` on purpose, or it could not be deleted'),
    detail: text('How to get in, how to remove it, or why it could not be deleted'),
  }),
  'Something that was left behind.',
  'LeftBehind',
);

/** An event's schema: what all have in common, and its own fields. */
function event<T extends string, S extends z.core.$ZodLooseShape>(type: T, meaning: string, fields: S) {
  const common = {
    v: as(z.literal(EVENTS_VERSION), 'Version of this format'),
    seq: as(z.number().int().min(1), 'Number of the event: from 1, without gaps'),
    time: ms('Milliseconds since the epoch'),
    type: as(z.literal(type), 'Which event it is'),
  };
  return as(z.strictObject({ ...common, ...fields }), meaning);
}

/** Schemas of the JSON lines, one for each type of event, in the order in which docs/events.md explains them. */
export const eventSchemas = [
  event(
    'run-started',
    'Everything that is going to happen. Before it comes only what cleaning up after earlier runs has to say.',
    {
      run: text('Id of the run; its folder in the state folder has this name'),
      app: text('Name of the app'),
      version: text('Version of goldsmith'),
      nodes: as(z.array(nodeSummary), 'The selected nodes and what they need, in an order in which they could run'),
      parallel: count('How many nodes may run at once'),
    },
  ),
  event('node-started', 'A node begins: first it looks whether the cache has it. A skipped node never does.', {
    node: node(),
  }),
  event('node-finished', 'A node has ended, one way or another. Comes once for each node.', {
    node: node(),
    ...result(),
  }),
  event('step-started', 'A step of a node begins, or is tried again. Each try ends with its own `step-finished`.', {
    node: node(),
    step: text('Its path, or its name'),
    use: text('Type key of what runs it'),
    attempt: as(z.number().int().min(1), 'From 1'),
  }),
  event('step-finished', 'A step has ended.', {
    node: node(),
    step: text('Its path, or its name'),
    state: as(stepState, '`tolerated`: it failed, and the build goes on'),
    duration: ms('Milliseconds since its first try began'),
    error: as(problem.optional(), 'Where it failed: why'),
  }),
  event('check', 'A check of a verification went well or not. All checks run, also after one failed.', {
    node: node(),
    step: text('The step that it belongs to'),
    ...check(),
  }),
  event('output', 'What a command printed, without secrets. A piece need not end with a line.', {
    node: node(),
    step: step(),
    stream: as(z.enum(['stdout', 'stderr']), 'Where it was printed'),
    text: text('As it came, line feeds and colours included'),
  }),
  event('message', 'Something that goldsmith says itself.', {
    level: as(z.enum(['info', 'warning', 'error']), 'How much it matters'),
    node: as(z.string().optional(), 'Absent for what concerns the whole run'),
    step: step(),
    text: text('One line or more'),
  }),
  event('progress', 'How far something long has come. The same label again replaces the earlier event.', {
    node: node(),
    step: step(),
    label: text('What it is, such as `pull 3f4c9a1b`'),
    current: as(z.number().min(0), 'What is done'),
    total: as(z.number().min(0).optional(), 'What there is to do, where it is known'),
    unit: as(z.enum(['bytes', 'items']), 'What is counted'),
  }),
  event('resource', 'Something is created or deleted on a platform.', {
    node: node(),
    phase: as(
      z.enum(['creating', 'created', 'kept', 'destroying', 'destroyed', 'leaked']),
      '`leaked`: it could not be deleted',
    ),
    kind: text('What it is, such as `docker:container`'),
    id: as(z.string().optional(), "The platform's id, once it is known"),
  }),
  event('question', 'Somebody is asked. What else happens waits on the screen until `answered`.', {
    node: node(),
    text: text('The question'),
  }),
  event('answered', 'The question was answered.', { node: node(), answer: text('The answer') }),
  event('run-finished', 'The last event.', {
    status: as(z.enum(['succeeded', 'failed', 'cancelled']), 'How the run ended'),
    duration: ms('Milliseconds'),
    nodes: as(z.array(nodeResult), 'How each node ended'),
    left: as(z.array(left), 'What was left behind, on purpose or not'),
  }),
] as const;

/** Checks a line of `--json`, parsed. */
export const eventLineSchema = z.discriminatedUnion('type', eventSchemas);

/** An event as a line of `--json` holds it. */
export type EventLine = { readonly v: typeof EVENTS_VERSION } & RunEvent;
