import { digestOf } from './digest';
import type { Json } from './json';
import { isLateJson } from './late';
import type { PlanNode, StepSpec } from './schema';

type Undigested =
  | Omit<Extract<PlanNode, { kind: 'build' }>, 'digest'>
  | Omit<Extract<PlanNode, { kind: 'verify' }>, 'digest'>
  | Omit<Extract<PlanNode, { kind: 'process' }>, 'digest'>;

/** What the digests need to know of extensions. */
export interface ExtensionFacts {
  revision(kind: 'platform' | 'provisioner' | 'post-processor', use: string): number;
  /** Props of a platform that show nowhere. */
  passive(use: string): readonly string[];
}

/**
 * Digests of nodes: of what they do, not of what they or their parts are called. Ids of other nodes are replaced by their
 * digests, so these come first; how steps are retried or timed is left out.
 */
export class Digests {
  private readonly nodes = new Map<string, string>();
  /** Steps that many builds share are digested once. */
  private readonly steps = new WeakMap<StepSpec, string>();

  constructor(private readonly extensions: ExtensionFacts) {}

  /** The digest of a node. Everything it depends on must have been here before. */
  add(node: Undigested): string {
    const digest = digestOf(this.meaningOf(node) as object);
    this.nodes.set(node.id, digest);
    return digest;
  }

  private meaningOf(node: Undigested): Json {
    const after = [...new Set(node.dependsOn.map((id) => this.of(id)))].sort();
    switch (node.kind) {
      case 'build': {
        const { use, config, base } = node.source;
        const passive = this.extensions.passive(use);
        const left = Object.fromEntries(Object.entries(config).filter(([name]) => !passive.includes(name)));
        const from = base && '$artifact' in base ? { $artifact: this.of(base.$artifact) } : ((base ?? null) as Json);
        const steps = node.provisioners.map((spec) => this.step('provisioner', spec));
        const revision = this.extensions.revision('platform', use);
        return ['build', use, revision, this.normalise(left as Json), from, steps, after];
      }
      case 'verify':
        return ['verify', this.of(node.build), this.step('provisioner', node.step), after];
      case 'process': {
        const inputs = node.inputs.map((id) => this.of(id));
        return ['process', inputs, this.step('post-processor', node.step), node.keepInputArtifact ?? null, after];
      }
    }
  }

  private step(kind: 'provisioner' | 'post-processor', spec: StepSpec): string {
    let digest = this.steps.get(spec);
    if (digest === undefined) {
      const revision = this.extensions.revision(kind, spec.use);
      const config = this.normalise(spec.config as Json);
      digest = digestOf([spec.use, revision, config, spec.policy?.onFailure ?? false]);
      this.steps.set(spec, digest);
    }
    return digest;
  }

  private of(id: string): string {
    return this.nodes.get(id) ?? id;
  }

  /** Config with the ids in `$output` replaced by digests. */
  private normalise(value: Json): Json {
    if (Array.isArray(value)) return value.map((item: Json) => this.normalise(item));
    if (typeof value !== 'object' || value === null) return value;
    if (isLateJson(value) && '$output' in value)
      return { $output: { node: this.of(value.$output.node), name: value.$output.name } };
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, this.normalise(entry as Json)]));
  }
}
