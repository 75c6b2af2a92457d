import type { Provisioner, ProvisionerProps } from '../core/provisioner';
import type { Source } from '../core/source';
import { policySchema, type StepPolicy, type StepSpec } from '../plan/schema';
import type { Facts, Rendered, Renderer } from './render';
import type { Report } from './report';

const POLICY = ['pauseBefore', 'timeout', 'maxRetries', 'retryDelay', 'continueOnError', 'onFailure'] as const;
const META = ['only', 'except', 'overrides', ...POLICY] as const;

/** Stands in where there is no build: what comes of it is thrown away. */
const NO_BUILD: Facts = { id: '-', name: '-', image: '-', source: '-', type: '-' };

/** A provisioner as the plan has it, and what it needs. */
export interface RenderedStep extends Pick<Rendered, 'uses' | 'modules' | 'lookups'> {
  readonly spec: StepSpec;
}

/** Renders provisioners: one that is the same in every build once, one that differs for each. */
export class StepRenderer {
  private readonly shared = new Map<Provisioner, RenderedStep>();
  private readonly taken = new Set<Provisioner>();

  constructor(
    private readonly renderer: Renderer,
    private readonly report: Report,
  ) {}

  /** A provisioner in the build of a source. */
  render(step: Provisioner, source: Source, facts: Facts): RenderedStep {
    this.taken.add(step);
    const known = this.shared.get(step);
    if (known) return known;
    const { overrides } = step.props;
    const byType = objectOf(overrides?.[source.type]);
    const byId = objectOf(overrides?.[source.node.id]);
    const { rendered, perBuild } = this.one(step, { ...step.props, ...byType, ...byId }, facts);
    if (!perBuild && overrides === undefined) this.shared.set(step, rendered);
    return rendered;
  }

  /** A step that no source takes is in no plan, but what is wrong with it is said all the same. */
  checkUnused(step: Provisioner): void {
    if (!this.taken.has(step)) this.one(step, step.props, NO_BUILD);
  }

  private one(
    step: Provisioner,
    props: object,
    facts: Facts,
  ): { readonly rendered: RenderedStep; readonly perBuild: boolean } {
    const result = this.renderer.render(step, without(props, META), step.extension.schema, { facts, common: META });
    const policy = this.policyOf(step, props);
    // In the order of their names, as the plan is written: it saves sorting.
    const spec: StepSpec = {
      config: result.config as StepSpec['config'],
      id: step.node.path,
      ...(policy && { policy }),
      use: step.extension.use,
    };
    const { uses, modules, lookups, perBuild } = result;
    return { rendered: { spec, uses, modules, lookups }, perBuild };
  }

  private policyOf(step: Provisioner, props: ProvisionerProps): StepPolicy | undefined {
    const given: Record<string, unknown> = {};
    for (const name of POLICY) if (props[name] !== undefined && props[name] !== false) given[name] = props[name];
    if (Object.keys(given).length === 0) return undefined;
    for (const issue of policySchema.safeParse(given).error?.issues ?? []) {
      const name = String(issue.path[0]);
      this.report.add(step, 'INVALID_PROPS', `\`${name}\` is ${JSON.stringify(given[name])}: ${issue.message}`);
    }
    return given as StepPolicy;
  }
}

/** What is no object is reported already. */
function objectOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}

/** Props but for some. */
export function without(props: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(props).filter(([name]) => !names.includes(name)));
}
