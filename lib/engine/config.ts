import type { z } from 'zod';
import { GoldsmithError, type Problem } from '../errors';
import type { JsonObject } from '../plan/json';

/** A resolved config as its extension's schema makes it: checked, with defaults. */
export function checked(
  step: { readonly id: string; readonly use: string },
  schema: z.ZodType,
  config: JsonObject,
): unknown {
  const result = schema.safeParse(config);
  if (result.success) return result.data;
  throw GoldsmithError.all(
    result.error.issues.map((issue): Problem => ({
      code: 'INVALID_PROPS',
      message: `\`${step.use}\`: ${issue.path.length > 0 ? `\`${issue.path.map(String).join('.')}\`: ` : ''}${issue.message}`,
      path: step.id,
    })),
  );
}
