import type { Json, JsonObject } from '../plan/json';
import type { Plan, StepPolicy, StepSpec } from '../plan/schema';

/** Something of a plan, in the words of the program that made it: what expectations are held against. */
export interface View {
  readonly id: string;
  readonly use: string;
  /** What is not config. */
  readonly own: Readonly<Record<string, unknown>>;
  readonly config: JsonObject;
}

const NO_POLICY: Readonly<Record<keyof StepPolicy, undefined>> = {
  pauseBefore: undefined,
  timeout: undefined,
  maxRetries: undefined,
  retryDelay: undefined,
  continueOnError: undefined,
  onFailure: undefined,
};

/** The builds of a plan. */
export function builds(plan: Plan): View[] {
  return plan.nodes.flatMap((node) => {
    if (node.kind !== 'build') return [];
    const { id, image, dependsOn, source, provisioners, maxAge } = node;
    const own = {
      id,
      image,
      source: lastPart(id),
      base: baseOf(plan, source.base),
      dependsOn,
      maxAge,
      provisioners: provisioners.map(stepAsData),
    };
    return [{ id, use: source.use, own, config: source.config }];
  });
}

/** The provisioners of all builds: one that runs in two builds is there twice. */
export function steps(plan: Plan): View[] {
  return plan.nodes.flatMap((node) =>
    node.kind !== 'build'
      ? []
      : node.provisioners.map((step) => ({
          id: `${step.id} in ${node.id}`,
          use: step.use,
          own: {
            id: step.id,
            build: node.id,
            image: node.image,
            source: lastPart(node.id),
            ...NO_POLICY,
            ...step.policy,
          },
          config: step.config,
        })),
  );
}

/** The post-processors. */
export function processes(plan: Plan): View[] {
  return plan.nodes.flatMap((node) => {
    if (node.kind !== 'process') return [];
    const { id, inputs, dependsOn, after, keepInputArtifact, step } = node;
    return [{ id, use: step.use, own: { id, inputs, dependsOn, after, keepInputArtifact }, config: step.config }];
  });
}

/** The verifications. */
export function verifications(plan: Plan): View[] {
  return plan.nodes.flatMap((node) => {
    if (node.kind !== 'verify') return [];
    const { id, build, dependsOn, step } = node;
    return [{ id, use: step.use, own: { id, build, dependsOn, ...NO_POLICY, ...step.policy }, config: step.config }];
  });
}

/** Names by which a base may be expected: what it is called, and what it is. */
export const BASE_NAMES = Symbol('base names');

type Base = Extract<Plan['nodes'][number], { kind: 'build' }>['source']['base'];

function baseOf(plan: Plan, base: Base): unknown {
  if (!base) return undefined;
  if ('$artifact' in base) return named({ artifact: base.$artifact }, [base.$artifact]);
  if ('$exact' in base) return named({ exact: base.$exact }, stringsIn(base.$exact as Json));
  const { use, query, label } = plan.lookups[base.$lookup]!;
  const short = label.startsWith(`${use} `) ? [label.slice(use.length + 1)] : [];
  return named({ lookup: query, label, use }, [label, ...short, ...stringsIn(query as Json)]);
}

function named(value: object, names: readonly string[]): object {
  return Object.defineProperty(value, BASE_NAMES, { value: names, enumerable: false });
}

function stringsIn(value: Json): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value as JsonObject).flatMap(stringsIn) : [];
}

function stepAsData({ id, use, config, policy }: StepSpec): object {
  return { id, use, config, ...policy };
}

function lastPart(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}
