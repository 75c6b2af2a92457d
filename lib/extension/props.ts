import { z } from 'zod';
import { lateSchema, type Late, type Text } from '../plan/late';

/**
 * Schemas of props: one zod schema an extension, beside its props interface.
 *
 * A schema checks the plan's form of the props, in the constructor and again when a plan is read; the
 * compiler holds it equal to the interface. `z.input` is what the user writes, `z.output` what the runner gets
 * (late values resolved, defaults filled in).
 */
export type PropsSchema<In, Out = In> = z.ZodType<Out, In>;

type Shape = Record<string, z.ZodType>;
type InputOf<S extends Shape> = z.input<z.ZodObject<S>>;
type DeepReadonly<T> =
  T extends Late<infer U>
    ? Late<U>
    : T extends readonly (infer E)[]
      ? readonly DeepReadonly<E>[]
      : T extends object
        ? { readonly [K in keyof T]: DeepReadonly<Exclude<T[K], undefined>> }
        : T;
type Assignable<A, B> = [A] extends [B] ? true : false;
/** `unknown` where the schema and the interface accept the same; else an error that names both. */
type Same<P, S extends Shape> = [
  Assignable<DeepReadonly<InputOf<S>>, P>,
  Assignable<P, DeepReadonly<InputOf<S>>>,
] extends [true, true]
  ? Exclude<keyof S, keyof P> extends never
    ? unknown
    : { 'the schema has keys that the interface lacks': Exclude<keyof S, keyof P> }
  : { 'schema and interface differ': DeepReadonly<InputOf<S>>; interface: P };

/** A rule between props: what is wrong, or undefined. */
export type Rule = (props: Readonly<Record<string, unknown>>) => string | undefined;

/**
 * The schema of props `P`: unknown keys are refused, and `rules` state what must hold between props.
 *
 * @example
 * const schema = props<FileProps>()({ source: asset().optional(), content: textProp().optional() }, exactlyOne('source', 'content'));
 */
export function props<P>() {
  return <const S extends Shape>(
    shape: S & Same<P, S>,
    ...rules: readonly Rule[]
  ): PropsSchema<P, z.output<z.ZodObject<S>>> => {
    const object = z.strictObject(shape as S);
    const schema =
      rules.length === 0 ? object : object.superRefine((value, context) => checkRules(rules, value, context));
    return schema as unknown as PropsSchema<P, z.output<z.ZodObject<S>>>;
  };
}

function checkRules(rules: readonly Rule[], value: unknown, context: z.RefinementCtx): void {
  for (const rule of rules) {
    const message = rule(value as Record<string, unknown>);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  }
}

/** Rule: exactly one of these props is given. */
export function exactlyOne(...names: readonly string[]): Rule {
  return (props) => {
    const given = names.filter((name) => props[name] !== undefined);
    if (given.length === 1) return undefined;
    const got = given.length === 0 ? 'none is given' : `given are ${list(given)}`;
    return `exactly one of ${list(names)} is needed, ${got}`;
  };
}

/** Rule: at most one of these props is given. */
export function atMostOne(...names: readonly string[]): Rule {
  return (props) => {
    const given = names.filter((name) => props[name] !== undefined);
    return given.length <= 1 ? undefined : `at most one of ${list(names)} may be given, given are ${list(given)}`;
  };
}

function list(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

/** A string, or a late value that becomes one. The runner gets a string. */
export function text(): z.ZodType<string, Text> {
  return z.union([z.string(), lateSchema]) as unknown as z.ZodType<string, Text>;
}

/** Environment variables or other named texts. */
export function textMap(): z.ZodType<Record<string, string>, Readonly<Record<string, Text>>> {
  return z.record(z.string(), text()) as unknown as z.ZodType<Record<string, string>, Readonly<Record<string, Text>>>;
}

/** Length of time such as `90s`, `5m`, `1h30m`, `250ms`: as in Go, and so in Packer; `d` stands for days. */
export function duration(): z.ZodType<string, string> {
  return z.string().regex(/^(\d+(\.\d+)?(ms|s|m|h|d))+$/, 'a length of time such as `90s`, `5m` or `1h30m`');
}

/** What kind of local file a prop names. */
export type AssetKind = 'file' | 'directory' | 'any';

const assetKinds = z.registry<{ asset: AssetKind }>();

/**
 * A path of a local file or folder, relative to the program. At synth its content is hashed and staged; the plan
 * holds the hash; the runner gets the absolute path of the staged copy, its last part (and trailing slash) kept.
 */
export function asset(kind: AssetKind = 'file'): z.ZodType<string, Text> {
  const schema = z.union([z.string().min(1), lateSchema]);
  assetKinds.add(schema, { asset: kind });
  return schema as unknown as z.ZodType<string, Text>;
}

/** Which kind of asset a schema stands for; undefined where it is no asset. */
export function assetKindOf(schema: z.ZodType): AssetKind | undefined {
  return assetKinds.get(schema)?.asset;
}
