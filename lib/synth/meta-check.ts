import type { IConstruct } from 'constructs';
import { z } from 'zod';
import { Image } from '../core/image';
import { PostProcessor } from '../core/post-processor';
import { Provisioner } from '../core/provisioner';
import { VerificationBase } from '../core/verification-base';
import type { Report } from './report';

const selectors = z
  .array(
    z.union([z.string(), z.custom<(source: unknown) => unknown>((value) => typeof value === 'function')], {
      error: 'an id of a source, a type key of a platform, or a function is needed',
    }),
    { error: 'a list of sources is needed, such as `["Docker"]`' },
  )
  .optional();
const length = z
  .string({ error: 'a length of time is needed, such as `7d`' })
  .regex(/^(\d+(\.\d+)?(ms|s|m|h|d))+$/, 'a length of time is needed, such as `7d`')
  .optional();

const provisioner = z.object({
  only: selectors,
  except: selectors,
  overrides: z.record(z.string(), z.looseObject({}, { error: 'props are needed' })).optional(),
});
const verification = z.object({ only: selectors, except: selectors, timeout: length });
const postProcessor = z.object({
  only: selectors,
  except: selectors,
  inputs: z.enum(['each', 'all'], { error: "'each' or 'all' is needed" }).optional(),
  keepInputArtifact: z.boolean({ error: 'true or false is needed' }).optional(),
});
const image = z.object({ maxAge: length });

/** The props that belong to goldsmith itself and not to an extension. Says whether all of a construct's are right. */
export function checkMeta(construct: IConstruct, report: Report): boolean {
  const [schema, props] = schemaOf(construct);
  const issues = schema?.safeParse(props).error?.issues ?? [];
  for (const { path, message } of issues) {
    const at = path.map((key, index) =>
      typeof key === 'number' ? `[${key}]` : `${index > 0 ? '.' : ''}${String(key)}`,
    );
    const given = path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)[key], props);
    report.add(construct, 'INVALID_PROPS', `\`${at.join('')}\` is ${shown(given)}: ${message}`);
  }
  return issues.length === 0;
}

function schemaOf(construct: IConstruct): [z.ZodType, object] | [] {
  if (Provisioner.is(construct)) return [provisioner, construct.props];
  if (PostProcessor.is(construct)) return [postProcessor, construct.props];
  if (VerificationBase.is(construct)) return [verification, construct.props];
  if (Image.is(construct)) return [image, construct];
  return [];
}

function shown(value: unknown): string {
  return typeof value === 'function' ? 'a function' : (JSON.stringify(value)?.slice(0, 100) ?? typeof value);
}
