import type { IConstruct } from 'constructs';
import type { BaseSpec, LookupSpec } from '../core/base-image';
import type { Image } from '../core/image';
import { slug } from '../core/names';
import type { PostProcessor } from '../core/post-processor';
import { Provisioner, type ProvisionerProps } from '../core/provisioner';
import { applies } from '../core/selector';
import { Source } from '../core/source';
import type { VerificationBase } from '../core/verification-base';
import type { Extension } from '../extension';
import { digestOf } from '../plan/digest';
import type { Json } from '../plan/json';

import {
  policySchema,
  type BaseRef,
  type BuildNode,
  type Plan,
  type PlanNode,
  type ProcessNode,
  type StepPolicy,
  type StepSpec,
  type VerifyNode,
} from '../plan/schema';
import { sourcesFor, type ImageParts, type Sequence, type Tree } from './collect';
import { orderSteps } from './order';
import type { Facts, Rendered, Renderer } from './render';
import type { Report } from './report';

/** A node before its digest: what {@link link} completes. */
export type Draft = Omit<BuildNode, 'digest'> | Omit<VerifyNode, 'digest'> | Omit<ProcessNode, 'digest'>;

/** What rendering the tree gives. */
export interface Drafts {
  readonly nodes: Draft[];
  /** Which construct each node comes from, for messages and for `addDependency`. */
  readonly owners: Map<string, readonly IConstruct[]>;
  /** By kind and type key: a provisioner and a post-processor may share one, as shell-local does. */
  readonly extensions: Map<string, Extension>;
  readonly modules: Record<string, string>;
  readonly lookups: Plan['lookups'];
}

const POLICY = ['pauseBefore', 'timeout', 'maxRetries', 'retryDelay', 'continueOnError', 'onFailure'] as const;
const META = ['only', 'except', 'overrides', ...POLICY] as const;
const PROCESS_META = ['only', 'except', 'inputs', 'keepInputArtifact'] as const;

/** Renders every image on every source, every verification and every post-processor to a node. */
export class NodeBuilder {
  private readonly drafts: Drafts = { nodes: [], owners: new Map(), extensions: new Map(), modules: {}, lookups: {} };
  private readonly rendered = new Map<IConstruct, Rendered>();
  /** Verifications of each build: they gate everything that takes its artifact. */
  private readonly gates = new Map<string, string[]>();

  constructor(
    private readonly tree: Tree,
    private readonly renderer: Renderer,
    private readonly report: Report,
  ) {}

  /** All nodes, in the order of the tree. */
  all(): Drafts {
    for (const parts of this.tree.images) this.image(parts);
    const last = new Map<string, string>();
    for (const sequence of this.tree.sequences) this.sequence(sequence, last);
    return this.drafts;
  }

  private image(parts: ImageParts): void {
    const steps = orderSteps(parts.provisioners);
    for (const source of parts.image.sources) {
      this.build(parts.image, source, steps);
      for (const verification of parts.verifications) {
        if (applies(verification.props, source)) this.verify(verification, source);
      }
    }
    // A step that no source takes is in no plan, but what is wrong with it is to be said all the same.
    for (const step of parts.provisioners) {
      this.checkPolicy(step);
      if (!this.rendered.has(step)) this.renderer.render(step, without(step.props, META), step.extension.schema);
    }
  }

  private build(image: Image, source: Source, steps: readonly Provisioner[]): void {
    const facts = factsOf(source);
    const extension = source.extension;
    this.use(extension);
    const config = this.renderer.render(source, source.config(), extension.schema, facts);
    const uses = new Set(config.uses);
    this.addModules(config);
    const provisioners = steps
      .filter((step) => applies(step.props, source))
      .map((step) => this.step(step, source, facts, uses));
    const base = this.base(source);
    if (base && '$artifact' in base) uses.add(base.$artifact);
    this.add(
      {
        kind: 'build',
        id: source.node.path,
        image: image.node.path,
        dependsOn: this.gated(uses),
        source: { id: source.node.path, use: extension.use, config: config.config, ...(base && { base }) },
        provisioners,
        ...(image.maxAge !== undefined && { maxAge: image.maxAge }),
      },
      [source, image, ...provisionersAbove(steps)],
    );
  }

  private step(step: Provisioner, source: Source, facts: Facts, uses: Set<string>): StepSpec {
    this.use(step.extension);
    const { only: _only, except: _except, overrides, ...props } = step.props;
    const override = { ...overrides?.[source.type], ...overrides?.[source.node.id] };
    let result = this.rendered.get(step);
    let merged: object = props;
    if (!result || result.perBuild || Object.keys(override).length > 0) {
      merged = { ...props, ...override };
      result = this.renderer.render(step, without(merged, META), step.extension.schema, facts);
      if (Object.keys(override).length === 0) this.rendered.set(step, result);
    }
    for (const use of result.uses) uses.add(use);
    this.addModules(result);
    const policy = policyOf(merged as ProvisionerProps);
    return {
      id: step.node.path,
      use: step.extension.use,
      config: result.config as StepSpec['config'],
      ...(policy && { policy }),
    };
  }

  private checkPolicy(step: Provisioner): void {
    const given = Object.fromEntries(
      POLICY.flatMap((name) => (step.props[name] === undefined ? [] : [[name, step.props[name]]])),
    );
    for (const issue of policySchema.safeParse(given).error?.issues ?? []) {
      const name = String(issue.path[0]);
      this.report.add(step, 'INVALID_PROPS', `\`${name}\` is ${JSON.stringify(given[name])}: ${issue.message}`);
    }
  }

  private verify(verification: VerificationBase, source: Source): void {
    this.use(verification.extension);
    const { only: _only, except: _except, timeout, ...props } = verification.props;
    const { config, uses } = this.renderer.render(verification, props, verification.extension.schema, factsOf(source));
    const id = `${verification.node.path}/${source.node.id}`;
    const build = source.node.path;
    this.gates.set(build, [...(this.gates.get(build) ?? []), id]);
    const step = {
      id,
      use: verification.extension.use,
      config: config as StepSpec['config'],
      ...(timeout !== undefined && { policy: { timeout } }),
    };
    this.add({ kind: 'verify', id, build, dependsOn: [...new Set([build, ...uses])], step }, [verification]);
  }

  private sequence(sequence: Sequence, last: Map<string, string>): void {
    const sources = sourcesFor(sequence, this.tree);
    const first = sequence.links[0];
    if (!first) return;
    if (sources.length === 0) {
      this.report.add(
        first,
        'NO_SOURCE',
        'the post-processor has nothing to take: no build is in its reach',
        'put it below an image, or below a construct with images, and look at `only` and `except`',
      );
      return;
    }
    const together = (first.props.inputs ?? (sequence.image ? 'each' : 'all')) === 'all';
    const groups = together ? [sources] : sources.map((source) => [source]);
    for (const group of groups) {
      let inputs = group.map((source) => source.node.path);
      for (const link of sequence.links) inputs = [this.process(link, group, inputs, together, sequence, last)];
    }
  }

  private process(
    link: PostProcessor,
    group: readonly Source[],
    inputs: string[],
    together: boolean,
    sequence: Sequence,
    last: Map<string, string>,
  ): string {
    this.use(link.extension);
    const only = group.length === 1 ? factsOf(group[0]!) : undefined;
    const rendered = this.renderer.render(link, without(link.props, PROCESS_META), link.extension.schema, only);
    this.addModules(rendered);
    const suffix = sequence.image ? group[0]!.node.id : group[0]!.node.path;
    const id = together ? link.node.path : `${link.node.path}/${suffix}`;
    const after = [...new Set(group.flatMap((source) => last.get(source.node.path) ?? []))].filter(
      (other) => !inputs.includes(other),
    );
    for (const source of group) last.set(source.node.path, id);
    const { keepInputArtifact } = link.props;
    this.add(
      {
        kind: 'process',
        id,
        inputs,
        dependsOn: this.gated([...inputs, ...rendered.uses]),
        ...(after.length > 0 && { after }),
        step: { id, use: link.extension.use, config: rendered.config as StepSpec['config'] },
        ...(keepInputArtifact !== undefined && { keepInputArtifact }),
      },
      [link, sequence.scope],
    );
    return id;
  }

  private base(source: Source): BaseRef | undefined {
    const spec = source.base()?.spec;
    if (!spec) return undefined;
    switch (spec.kind) {
      case 'lookup':
        return this.lookup(spec.lookup);
      case 'catalog':
        return this.lookup({
          use: 'catalog',
          query: { name: spec.name, channel: spec.channel, platform: source.type },
          label: `catalog ${spec.name} (${spec.channel})`,
        });
      case 'exact':
        return { $exact: spec.value };
      case 'artifact':
        return this.artifactBase(source, spec.of);
    }
  }

  private artifactBase(source: Source, parent: Extract<BaseSpec, { kind: 'artifact' }>['of']): BaseRef | undefined {
    const candidates = Source.is(parent) ? [parent] : parent.sources;
    const match = candidates.find(({ type }) => type === source.type);
    if (match) return { $artifact: match.node.path };
    const have = candidates.map((one) => `${one.node.id} (${one.type})`).join(', ') || 'no source';
    this.report.add(
      source,
      'BASE_MISMATCH',
      `it starts from ${parent.node.path}, which has no build on \`${source.type}\`; it has: ${have}`,
      `add a ${source.type} source to ${parent.node.path}, or start from something else`,
    );
    return undefined;
  }

  private lookup(spec: LookupSpec): BaseRef {
    const id = digestOf({ use: spec.use, query: spec.query }).slice(0, 16);
    this.drafts.lookups[id] = { use: spec.use, query: spec.query as Json, label: spec.label };
    return { $lookup: id };
  }

  /** What must have succeeded before these artifacts are used: their builds, and what verifies them. */
  private gated(nodes: Iterable<string>): string[] {
    return [...new Set([...nodes].flatMap((node) => [node, ...(this.gates.get(node) ?? [])]))];
  }

  private add(draft: Draft, owners: readonly IConstruct[]): void {
    this.drafts.nodes.push(draft);
    this.drafts.owners.set(draft.id, owners);
  }

  private use(extension: Extension): void {
    this.drafts.extensions.set(`${extension.kind} ${extension.use}`, extension);
    this.drafts.modules[extension.use] = extension.module;
  }

  private addModules({ modules }: Rendered): void {
    for (const [use, module] of modules) this.drafts.modules[use] = module;
  }
}

/** What `build.*` stands for in a build. */
function factsOf(source: Source): Facts {
  const id = source.node.path;
  return { id, name: slug(id), image: source.image.node.path, source: source.node.id, type: source.type };
}

/** Constructs whose `addDependency` makes the build wait: the steps and the groups they are in. */
function provisionersAbove(steps: readonly Provisioner[]): readonly IConstruct[] {
  return steps;
}

function policyOf(props: ProvisionerProps): StepPolicy | undefined {
  const given = Object.fromEntries(
    POLICY.flatMap((name) => (props[name] === undefined || props[name] === false ? [] : [[name, props[name]]])),
  );
  return Object.keys(given).length > 0 ? given : undefined;
}

function without(props: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(props).filter(([name]) => !names.includes(name)));
}

/** Only for the compiler: a draft is a node without its digest. */
export type _DraftIsNode = Draft extends Omit<PlanNode, 'digest'> ? true : never;
