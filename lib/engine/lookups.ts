import { GoldsmithError } from '../errors';
import type { ValueContext } from '../extension/lookup';
import type { Json, JsonObject } from '../plan/json';
import { isLateJson, type LateJson } from '../plan/late';
import { resolveLookup } from './base';
import type { Services } from './services';

/** What a lookup of values found: by the lock file, or asked now. */
export async function lookupValues(id: string, services: Services): Promise<JsonObject> {
  const { use, query } = services.plan.lookups[id]!;
  const found = await resolveLookup(id, services, () =>
    services.extensions.get('lookup', use).resolve(query as JsonObject, valueContext(services)),
  );
  services.known.set(id, found);
  return found as JsonObject;
}

/** A field of what a lookup found. */
export async function lookupField(
  { id, field }: { readonly id: string; readonly field: string },
  services: Services,
): Promise<Json> {
  const value = (await lookupValues(id, services))[field];
  if (value !== undefined) return value;
  throw new GoldsmithError('NOT_FOUND', `${services.plan.lookups[id]!.label} has no \`${field}\``);
}

/** Asks for all lookups whose values are used in a config, so that keys can be made of what they are now. */
export async function knowLookups(value: Json, services: Services): Promise<void> {
  await Promise.all([...idsIn(value)].map((id) => lookupValues(id, services)));
}

/** What reading values from elsewhere gets of a run. */
export function valueContext({ env, projectDir, signal, clock, redactor }: Services): ValueContext {
  return { env, projectDir, signal, clock, secret: (value) => void redactor.add(value) };
}

function idsIn(value: Json, found = new Set<string>()): Set<string> {
  if (typeof value !== 'object' || value === null) return found;
  if (isLateJson(value)) {
    const late: LateJson = value;
    if ('$lookup' in late) found.add(late.$lookup.id);
    else if ('$text' in late) for (const part of late.$text) idsIn(part as Json, found);
    return found;
  }
  for (const entry of Object.values(value)) idsIn(entry as Json, found);
  return found;
}
