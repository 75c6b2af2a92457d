import type { IConstruct } from 'constructs';
import { z } from 'zod';
import { Asset } from '../core/asset';
import { BuildFact } from '../core/build-facts';
import type { LookupValue } from '../core/lookup';
import { JoinedText } from '../core/output';
import type { Secret } from '../core/secret';
import { assetKindOf, type AssetKind } from '../extension/props';
import type { Json, JsonObject } from '../plan/json';
import { isLate, LATE_KEYS, type LateJson } from '../plan/late';
import type { Plan } from '../plan/schema';
import { didYouMean } from '../util/nearest';
import type { Assets } from './assets';
import type { Report } from './report';

/** The facts of a build that `build.*` stands for. */
export type Facts = Readonly<Record<BuildFact['fact'], string>>;

/** What props became: the config of the plan, and what they need. */
export interface Rendered {
  readonly config: JsonObject;
  /** Builds whose outputs are used, by path. */
  readonly uses: ReadonlySet<string>;
  /** Modules of secrets and lookups that are not goldsmith's own. */
  readonly modules: ReadonlyMap<string, string>;
  /** Lookups whose values are used, by id. */
  readonly lookups: Plan['lookups'];
  /** Whether a fact of the build is in it: then it differs from build to build. */
  readonly perBuild: boolean;
}

/** Turns props into the plan's config: late values into their `$` forms, paths of assets into hashes. */
export class Renderer {
  constructor(
    private readonly baseDir: string,
    private readonly assets: Assets,
    private readonly report: Report,
  ) {}

  /**
   * Renders and checks. Problems go to the report, under the construct.
   *
   * @param options `common` are props that the schema does not know because they belong to goldsmith: one of them may be meant
   */
  render(
    construct: IConstruct,
    props: object,
    schema: z.ZodType,
    { facts, common = [] }: { readonly facts?: Facts | undefined; readonly common?: readonly string[] } = {},
  ): Rendered {
    const pass = new Pass(this.baseDir, this.assets, this.report, construct, facts);
    const config = pass.object(props as Record<string, unknown>, schema, '') as JsonObject;
    const checked = schema.safeParse(config);
    if (!checked.success) {
      for (const issue of checked.error.issues) {
        const { message, hint } = explain(issue, config, [...namesIn(schema), ...common]);
        this.report.add(construct, 'INVALID_PROPS', message, hint);
      }
    }
    return { config, uses: pass.uses, modules: pass.modules, lookups: pass.lookups, perBuild: pass.perBuild };
  }
}

class Pass {
  readonly uses = new Set<string>();
  readonly modules = new Map<string, string>();
  readonly lookups: Plan['lookups'] = {};
  perBuild = false;

  constructor(
    private readonly baseDir: string,
    private readonly assets: Assets,
    private readonly report: Report,
    private readonly construct: IConstruct,
    private readonly facts: Facts | undefined,
  ) {}

  object(value: Record<string, unknown>, schema: z.ZodType | undefined, at: string): JsonObject {
    const result: [string, Json][] = [];
    for (const key of Object.keys(value).sort()) {
      const entry = value[key];
      if (entry === undefined) continue;
      const place = at === '' ? key : `${at}.${key}`;
      if ((LATE_KEYS as readonly string[]).includes(key)) this.refuse(place, 'a key that plans keep for themselves');
      result.push([key, this.value(entry, memberSchema(schema, key), place)]);
    }
    return Object.fromEntries(result);
  }

  private value(value: unknown, schema: z.ZodType | undefined, at: string): Json {
    const kind = schema && assetKindIn(schema);
    if (kind !== undefined && typeof value === 'string') return this.asset(new Asset(value), kind, at);
    if (value instanceof Asset) return this.asset(value, kind ?? 'any', at);
    if (isLate(value)) return this.late(value);
    if (Array.isArray(value))
      return value.map((item, index) => this.value(item, elementSchema(schema), `${at}[${index}]`));
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    if (typeof value === 'object' && isPlain(value))
      return this.object(value as Record<string, unknown>, unwrap(schema), at);
    this.refuse(at, `${describe(value)}, which a plan cannot hold`);
    return null;
  }

  private refuse(at: string, what: string): void {
    this.report.add(this.construct, 'INVALID_PROPS', `\`${at}\` is ${what}`);
  }

  private late(value: { toPlan(): LateJson }): Json {
    if (value instanceof BuildFact) {
      this.perBuild = true;
      if (this.facts) return this.facts[value.fact];
      this.report.add(
        this.construct,
        'INVALID_PROPS',
        `\`build.${value.fact}\` stands for one build, and this takes what several make`,
        "take what each makes by itself (`inputs: 'each'`), or write the text out",
      );
      return '';
    }
    if (value instanceof JoinedText) {
      const parts = value.parts.map((part) => (typeof part === 'string' ? part : this.late(part)));
      return joined(parts as (string | LateJson)[]);
    }
    const form = value.toPlan();
    if ('$output' in form) this.uses.add(form.$output.node);
    if ('$secret' in form) this.noteModule(value as Partial<Secret>);
    if ('$lookup' in form) this.noteLookup(value as LookupValue);
    return form as unknown as Json;
  }

  private noteLookup({ lookup }: LookupValue): void {
    const { use, query, label, module } = lookup.question;
    this.modules.set(use, module);
    this.lookups[lookup.id] = { use, query, label };
  }

  private noteModule({ from, module }: Partial<Secret>): void {
    if (from !== undefined && module !== undefined) this.modules.set(from, module);
  }

  private asset(asset: Asset, kind: AssetKind, at: string): Json {
    const request = { path: asset.resolve(this.baseDir), kind, ignore: asset.ignore };
    const result = this.assets.add(request);
    if (!('problem' in result)) return result as unknown as Json;
    this.report.add(
      this.construct,
      'MISSING_ASSET',
      `\`${at}\` names \`${asset.path}\`, which ${result.problem}`,
      `paths start from the program's folder; looked at ${request.path}`,
    );
    return { $asset: { sha256: '0'.repeat(64), name: asset.path } };
  }
}

/** A text of pieces that are all known is a plain string. */
function joined(parts: readonly (string | LateJson)[]): Json {
  const merged: (string | LateJson)[] = [];
  for (const part of parts) {
    const last = merged.length - 1;
    if (typeof part === 'string' && typeof merged[last] === 'string') merged[last] = merged[last] + part;
    else merged.push(part);
  }
  if (merged.length === 0) return '';
  if (merged.length === 1 && typeof merged[0] === 'string') return merged[0];
  return { $text: merged } as unknown as Json;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null) return `an object of class ${value.constructor.name}`;
  return typeof value === 'number' ? String(value) : `a ${typeof value}`;
}

function unwrap(schema: z.ZodType | undefined): z.ZodType | undefined {
  let current: z.ZodType | undefined = schema;
  while (
    current instanceof z.ZodOptional ||
    current instanceof z.ZodDefault ||
    current instanceof z.ZodReadonly ||
    current instanceof z.ZodNullable
  ) {
    current = current.unwrap() as z.ZodType;
  }
  return current;
}

function memberSchema(schema: z.ZodType | undefined, key: string): z.ZodType | undefined {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) return (inner.shape as Record<string, z.ZodType>)[key];
  if (inner instanceof z.ZodRecord) return inner.valueType as z.ZodType;
  return undefined;
}

function elementSchema(schema: z.ZodType | undefined): z.ZodType | undefined {
  const inner = unwrap(schema);
  return inner instanceof z.ZodArray ? (inner.element as z.ZodType) : undefined;
}

function assetKindIn(schema: z.ZodType): AssetKind | undefined {
  const inner = unwrap(schema);
  return inner && assetKindOf(inner);
}

/**
 * Of a value that may be one of several things and is none, what is wrong with it as the one that it resembles: that of which only
 * something inside is wrong. Where it resembles none, as the first.
 */
function sharpest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue;
  const isInside = ({ path, code }: z.core.$ZodIssue): boolean => path.length > 0 || code === 'unrecognized_keys';
  const inner = (issue.errors.find((branch) => branch.some(isInside)) ?? issue.errors[0])?.[0];
  return inner ? sharpest({ ...inner, path: [...issue.path, ...inner.path] }) : issue;
}

function namesIn(schema: z.ZodType): string[] {
  const inner = unwrap(schema);
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

/** A zod issue in the words of the prop the user wrote. */
function explain(
  found: z.core.$ZodIssue,
  config: JsonObject,
  known: readonly string[],
): { message: string; hint?: string } {
  const issue = sharpest(found);
  const at = issue.path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`),
    '',
  );
  if (issue.code === 'unrecognized_keys') {
    const where = at === '' ? '' : ` in \`${at}\``;
    const names = issue.keys.map((key) => `\`${key}\``).join(', ');
    return { message: `unknown prop ${names}${where}`, ...(at === '' && { hint: didYouMean(issue.keys[0]!, known) }) };
  }
  if (at === '') return { message: issue.message };
  const given = issue.path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    config,
  );
  if (given === undefined) return { message: `\`${at}\` is missing` };
  return { message: `\`${at}\` is ${JSON.stringify(given)?.slice(0, 200)}: ${issue.message}` };
}
