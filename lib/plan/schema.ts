import { z } from 'zod';
import type { Json } from './json';

/** Version of the plan's shape. A reader takes its own major and any minor up to its own. */
export const PLAN_SCHEMA = '1.0';

const json: z.ZodType<Json> = z.json() as unknown as z.ZodType<Json>;
const id = z.string().min(1).describe('path of a construct, such as Web/Docker');
const duration = z
  .string()
  .regex(/^(\d+(\.\d+)?(ms|s|m|h|d))+$/, 'a length of time such as `90s`, `5m` or `1h30m`')
  .describe('a length of time, such as 90s or 1h30m');

/** Checks how a step is run. */
export const policySchema = z
  .strictObject({
    pauseBefore: duration.optional(),
    timeout: duration.optional(),
    maxRetries: z.number().int().min(0).optional(),
    retryDelay: duration.optional(),
    continueOnError: z.boolean().optional(),
    onFailure: z.boolean().optional(),
  })
  .describe('how a step is run; no part of its meaning');

const step = z.strictObject({
  id,
  use: z.string().min(1).describe('which extension runs it: a key of `modules`'),
  config: z.record(z.string(), json),
  policy: policySchema.optional(),
});

const base = z.union([
  z.strictObject({ $lookup: z.string() }).describe('what a lookup resolves to'),
  z.strictObject({ $artifact: id }).describe('the artifact of another build'),
  z.strictObject({ $exact: json }).describe('a base that cannot move'),
]);

const common = {
  id,
  dependsOn: z.array(id).describe('nodes that must have succeeded'),
  after: z.array(id).optional().describe('nodes that must have ended, however'),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
};

const buildNode = z.strictObject({
  kind: z.literal('build'),
  ...common,
  image: id,
  source: step.omit({ policy: true }).extend({ base: base.optional() }),
  provisioners: z.array(step),
  maxAge: duration.optional(),
});

const verifyNode = z.strictObject({
  kind: z.literal('verify'),
  ...common,
  build: id,
  step,
});

const processNode = z.strictObject({
  kind: z.literal('process'),
  ...common,
  inputs: z.array(id).min(1).describe('build or process nodes whose artifacts it takes, in order'),
  step,
  keepInputArtifact: z.boolean().optional(),
});

/** Checks a whole plan, and is where docs/plan.schema.json comes from. Configs are checked by their extensions. */
export const planSchema = z.strictObject({
  schema: z.string().describe('version of this shape, major.minor'),
  app: z.string().min(1),
  modules: z.record(z.string(), z.string()).describe('which npm module holds each extension'),
  lookups: z.record(
    z.string(),
    z.strictObject({
      use: z.string(),
      query: json,
      label: z.string().describe('how messages and the lock file name it'),
    }),
  ),
  assets: z.record(z.string(), z.strictObject({ kind: z.enum(['file', 'directory']), name: z.string() })),
  nodes: z.array(z.discriminatedUnion('kind', [buildNode, verifyNode, processNode])),
  metadata: z
    .record(z.string(), z.strictObject({ source: z.string().optional(), warnings: z.array(z.string()).optional() }))
    .describe('for people: in no digest'),
});

/** How a step is run: in no digest. */
export type StepPolicy = z.infer<typeof policySchema>;
/** One provisioner, post-processor or verification, as data. */
export type StepSpec = z.infer<typeof step>;
/** What a build starts from. */
export type BaseRef = z.infer<typeof base>;
/** One image on one source: one machine's life. */
export type BuildNode = z.infer<typeof buildNode>;
/** A fresh boot of a build's artifact, with checks. */
export type VerifyNode = z.infer<typeof verifyNode>;
/** A post-processor with its inputs. */
export type ProcessNode = z.infer<typeof processNode>;
/** A node of the graph. */
export type PlanNode = BuildNode | VerifyNode | ProcessNode;
/** The whole plan. */
export type Plan = z.infer<typeof planSchema>;
