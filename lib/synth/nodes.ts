import type { IConstruct } from 'constructs';
import type { Image } from '../core/image';
import { slug } from '../core/names';
import type { PostProcessor } from '../core/post-processor';
import type { Provisioner } from '../core/provisioner';
import { applies } from '../core/selector';
import type { Source } from '../core/source';
import type { VerificationBase } from '../core/verification-base';
import type { Extension } from '../extension';
import type { BuildNode, Plan, PlanNode, ProcessNode, StepSpec, VerifyNode } from '../plan/schema';
import { Bases } from './bases';
import { sourcesFor, type ImageParts, type Sequence, type Tree } from './collect';
import { orderSteps } from './order';
import type { Facts, Rendered, Renderer } from './render';
import type { Report } from './report';
import { StepRenderer, without } from './steps';

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

const PROCESS_META = ['only', 'except', 'inputs', 'keepInputArtifact'] as const;

/** Renders every image on every source, every verification and every post-processor to a node. */
export class NodeBuilder {
  private readonly drafts: Drafts;
  private readonly bases: Bases;
  private readonly steps: StepRenderer;
  /** Verifications of each build: they gate everything that takes its artifact. */
  private readonly gates = new Map<string, string[]>();

  constructor(
    private readonly tree: Tree,
    private readonly renderer: Renderer,
    private readonly report: Report,
  ) {
    this.bases = new Bases(report);
    this.steps = new StepRenderer(renderer, report);
    const { lookups } = this.bases;
    this.drafts = { nodes: [], owners: new Map(), extensions: new Map(), modules: {}, lookups };
  }

  /** All nodes, in the order of the tree. */
  all(): Drafts {
    for (const parts of this.tree.images) this.gate(parts);
    for (const parts of this.tree.images) this.image(parts);
    const last = new Map<string, string>();
    for (const sequence of this.tree.sequences) this.sequence(sequence, last);
    return this.drafts;
  }

  /** Known before anything is rendered: an image may stand in the tree before the one it starts from. */
  private gate({ image, verifications }: ImageParts): void {
    for (const source of image.sources) {
      const ids = verifications.filter(({ props }) => applies(props, source)).map((one) => verificationId(one, source));
      if (ids.length > 0) this.gates.set(source.node.path, ids);
    }
  }

  private image(parts: ImageParts): void {
    const { steps, cycle } = orderSteps(parts.provisioners);
    if (cycle) {
      const message = `steps depend on each other in a circle: ${cycle.join(' → ')}`;
      this.report.add(parts.image, 'DEPENDENCY_CYCLE', message, 'remove one of these dependencies');
    }
    for (const source of parts.image.sources) {
      this.build(parts.image, source, steps);
      for (const verification of parts.verifications) {
        if (applies(verification.props, source)) this.verify(verification, source);
      }
    }
    for (const step of steps) this.steps.checkUnused(step);
  }

  private build(image: Image, source: Source, steps: readonly Provisioner[]): void {
    const facts = factsOf(source);
    const extension = source.extension;
    this.use(extension, source);
    const config = this.renderer.render(source, source.config(), extension.schema, {
      facts,
      common: ['base'],
    });
    const uses = new Set(config.uses);
    this.addModules(config, source);
    const taken = steps.filter((step) => applies(step.props, source));
    const provisioners = taken.map((step) => this.step(step, source, facts, uses));
    const base = this.bases.of(source);
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
      [source, image, ...taken],
    );
  }

  private step(step: Provisioner, source: Source, facts: Facts, uses: Set<string>): StepSpec {
    this.use(step.extension, step);
    const rendered = this.steps.render(step, source, facts);
    for (const use of rendered.uses) uses.add(use);
    this.addModules(rendered, step);
    return rendered.spec;
  }

  private verify(verification: VerificationBase, source: Source): void {
    this.use(verification.extension, verification);
    const { only: _only, except: _except, timeout, ...props } = verification.props;
    const rendered = this.renderer.render(verification, props, verification.extension.schema, {
      facts: factsOf(source),
      common: ['only', 'except', 'timeout'],
    });
    this.addModules(rendered, verification);
    const id = verificationId(verification, source);
    const build = source.node.path;
    const step = {
      id,
      use: verification.extension.use,
      config: rendered.config as StepSpec['config'],
      ...(timeout !== undefined && { policy: { timeout } }),
    };
    this.add({ kind: 'verify', id, build, dependsOn: [...new Set([build, ...rendered.uses])], step }, [verification]);
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
    this.use(link.extension, link);
    const only = group.length === 1 ? factsOf(group[0]!) : undefined;
    const rendered = this.renderer.render(link, without(link.props, PROCESS_META), link.extension.schema, {
      facts: only,
      common: PROCESS_META,
    });
    this.addModules(rendered, link);
    const suffix = sequence.image ? nameIn(group[0]!) : group[0]!.node.path;
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

  /** What must have succeeded before these artifacts are used: their builds, and what verifies them. */
  private gated(nodes: Iterable<string>): string[] {
    return [...new Set([...nodes].flatMap((node) => [node, ...(this.gates.get(node) ?? [])]))];
  }

  private add(draft: Draft, owners: readonly IConstruct[]): void {
    this.drafts.nodes.push(draft);
    this.drafts.owners.set(draft.id, owners);
  }

  private use(extension: Extension, construct: IConstruct): void {
    this.drafts.extensions.set(`${extension.kind} ${extension.use}`, extension);
    this.addModule(extension.use, extension.module, construct);
  }

  private addModules({ modules, lookups }: Pick<Rendered, 'modules' | 'lookups'>, construct: IConstruct): void {
    Object.assign(this.drafts.lookups, lookups);
    for (const [use, module] of modules) this.addModule(use, module, construct);
  }

  private addModule(use: string, module: string, construct: IConstruct): void {
    const known = (this.drafts.modules[use] ??= module);
    if (known === module) return;
    this.report.add(
      construct,
      'INVALID_PROGRAM',
      `both \`${known}\` and \`${module}\` offer \`${use}\`: a plan can name only one of them`,
      'use one of the two packages, or ask their authors for other type keys',
    );
  }
}

function verificationId(verification: VerificationBase, source: Source): string {
  return `${verification.node.path}/${nameIn(source)}`;
}

/** A source's path within its image: its id, where it stands directly below. */
function nameIn(source: Source): string {
  return source.node.path.slice(source.image.node.path.length + 1);
}

/** What `build.*` stands for in a build. */
function factsOf(source: Source): Facts {
  const id = source.node.path;
  return { id, name: slug(id), image: source.image.node.path, source: source.node.id, type: source.type };
}

/** Only for the compiler: a draft is a node without its digest. */
export type _DraftIsNode = Draft extends Omit<PlanNode, 'digest'> ? true : never;
