import { Source } from '../core/source';
import type { BaseSpec, LookupSpec } from '../core/base-image';
import { digestOf } from '../plan/digest';
import { isJson, type Json } from '../plan/json';
import type { BaseRef, Plan } from '../plan/schema';
import type { Report } from './report';

/** Renders what sources start from, and gathers the lookups. */
export class Bases {
  readonly lookups: Plan['lookups'] = {};

  constructor(private readonly report: Report) {}

  /** The base of a source as the plan has it; undefined where it has none, or a wrong one. */
  of(source: Source): BaseRef | undefined {
    const spec = source.base()?.spec;
    if (!spec) return undefined;
    switch (spec.kind) {
      case 'lookup':
        return this.lookup(spec.lookup, source);
      case 'catalog': {
        const query = { name: spec.name, channel: spec.channel, platform: source.type };
        return this.lookup({ use: 'catalog', query, label: `catalog ${spec.name} (${spec.channel})` }, source);
      }
      case 'exact':
        return this.isData(spec.value, source) ? { $exact: spec.value } : undefined;
      case 'artifact':
        return this.artifact(source, spec.of);
    }
  }

  private artifact(source: Source, parent: Extract<BaseSpec, { kind: 'artifact' }>['of']): BaseRef | undefined {
    const candidates = Source.is(parent) ? [parent] : parent.sources;
    const { startsFrom = [] } = source.extension;
    const match =
      candidates.find(({ type }) => type === source.type) ??
      candidates.find((one) => startsFrom.includes(one.extension.produces(one.config()) ?? ''));
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

  private lookup({ use, query, label }: LookupSpec, source: Source): BaseRef | undefined {
    if (!this.isData(query, source)) return undefined;
    const id = digestOf({ use, query }).slice(0, 16);
    this.lookups[id] = { use, query: query as Json, label };
    return { $lookup: id };
  }

  private isData(value: unknown, source: Source): boolean {
    if (isJson(value)) return true;
    this.report.add(
      source,
      'INVALID_PROPS',
      'its base holds something that is known only at run time, or that a plan cannot hold',
      'name the base by plain texts and numbers; to start from what another image makes, use BaseImage.of(image)',
    );
    return false;
  }
}
