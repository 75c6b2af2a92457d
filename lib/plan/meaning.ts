import type { Json } from './json';
import { isLateJson } from './late';
import type { PlanNode, StepSpec } from './schema';

type Undigested =
  | Omit<Extract<PlanNode, { kind: 'build' }>, 'digest'>
  | Omit<Extract<PlanNode, { kind: 'verify' }>, 'digest'>
  | Omit<Extract<PlanNode, { kind: 'process' }>, 'digest'>;

/**
 * What a node's digest is taken over: what it does, not what it or its parts are called. Ids of other nodes are replaced by
 * their digests; how steps are retried or timed is left out.
 */
export function meaningOf(
  node: Undigested,
  digest: (id: string) => string,
  revision: (kind: 'platform' | 'provisioner' | 'post-processor', use: string) => number,
  passive: (use: string) => readonly string[],
): Json {
  const step = (kind: 'provisioner' | 'post-processor', spec: StepSpec): Json => [
    spec.use,
    revision(kind, spec.use),
    normalise(spec.config as Json, digest),
    spec.policy?.onFailure ?? false,
  ];
  const after = [...new Set(node.dependsOn.map(digest))].sort();
  switch (node.kind) {
    case 'build': {
      const { use, config, base } = node.source;
      const left = Object.fromEntries(Object.entries(config).filter(([name]) => !passive(use).includes(name)));
      const from = base && '$artifact' in base ? { $artifact: digest(base.$artifact) } : ((base ?? null) as Json);
      return [
        'build',
        use,
        revision('platform', use),
        normalise(left as Json, digest),
        from,
        node.provisioners.map((spec) => step('provisioner', spec)),
        after,
      ];
    }
    case 'verify':
      return ['verify', digest(node.build), step('provisioner', node.step), after];
    case 'process':
      return [
        'process',
        node.inputs.map(digest),
        step('post-processor', node.step),
        node.keepInputArtifact ?? null,
        after,
      ];
  }
}

/** Config with the ids in `$output` replaced by digests. */
function normalise(value: Json, digest: (id: string) => string): Json {
  if (Array.isArray(value)) return value.map((item: Json) => normalise(item, digest));
  if (typeof value !== 'object' || value === null) return value;
  if (isLateJson(value) && '$output' in value)
    return { $output: { node: digest(value.$output.node), name: value.$output.name } };
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, normalise(entry as Json, digest)]));
}
