import type { IConstruct } from 'constructs';
import { Annotations } from '../core/annotations';
import { Aspects, type Aspect } from '../core/aspects';
import type { Extension } from '../extension';
import { PLAN_SCHEMA, type Plan } from '../plan/schema';
import { Assets } from './assets';
import { collect, type Tree } from './collect';
import { checkInputs } from './inputs-check';
import { link } from './link';
import { checkNames } from './names-check';
import { NodeBuilder } from './nodes';
import { Renderer } from './render';
import { Report } from './report';
import { reportNoted, validateTree } from './validate';

/** What a synth gives. */
export interface Synthesis {
  readonly plan: Plan;
  /** The extensions that the constructs brought along, so that a run in this process loads none. */
  readonly extensions: ReadonlyMap<string, Extension>;
  /** Copies the assets to a folder: `<dir>/<sha256>/<name>`. */
  stage(dir: string): void;
}

/** Options of {@link synthesize}. */
export interface SynthOptions {
  /** Name of the app. */
  readonly app: string;
  /** Folder that relative paths in props start from. */
  readonly baseDir: string;
}

/**
 * The tree as a plan. Synchronous, deterministic, without any network. All problems are reported at once, and nothing is
 * written before the whole program is right. The phases, in order:
 */
export function synthesize(root: IConstruct, options: SynthOptions): Synthesis {
  const report = new Report(options.baseDir);
  const assets = new Assets();

  runAspects(root);
  const tree = collect(root);
  validateTree(tree, report);
  const drafts = new NodeBuilder(tree, new Renderer(options.baseDir, assets, report), report).all();
  // Rendering asks constructs for their config, in which they may find more that is wrong.
  reportNoted(tree, report);
  checkNames(drafts, report);
  checkInputs(drafts, report);
  const nodes = link(tree, drafts, report);
  report.throwIfAny();

  const plan: Plan = {
    schema: PLAN_SCHEMA,
    app: options.app,
    modules: sorted(drafts.modules),
    lookups: sorted(drafts.lookups),
    assets: sorted(assets.entries),
    nodes,
    metadata: metadataOf(tree, report),
  };
  return { plan, extensions: drafts.extensions, stage: (dir) => assets.stage(dir) };
}

const visited = new WeakMap<Aspect, WeakSet<IConstruct>>();

/** An aspect may add constructs, which later aspects then see too. Each visits a construct once, however often synth runs. */
function runAspects(root: IConstruct): void {
  const visit = (construct: IConstruct, inherited: readonly Aspect[]): void => {
    const own = Aspects.of(construct).all;
    const aspects = own.length > 0 ? [...inherited, ...own] : inherited;
    for (const aspect of aspects) {
      const seen = visited.get(aspect) ?? new WeakSet();
      visited.set(aspect, seen);
      if (seen.has(construct)) continue;
      seen.add(construct);
      aspect.visit(construct);
    }
    for (const child of construct.node.children) visit(child, aspects);
  };
  visit(root, []);
}

function metadataOf(tree: Tree, report: Report): Plan['metadata'] {
  const entries: [string, Plan['metadata'][string]][] = [];
  for (const construct of tree.all) {
    const source = report.lineOf(construct);
    const { warnings } = Annotations.of(construct);
    if (source === undefined && warnings.length === 0) continue;
    entries.push([
      construct.node.path,
      { ...(source !== undefined && { source }), ...(warnings.length > 0 && { warnings: [...warnings] }) },
    ]);
  }
  return sorted(Object.fromEntries(entries));
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
