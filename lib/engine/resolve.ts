import { createHash } from 'node:crypto';
import * as path from 'node:path';
import { GoldsmithError } from '../errors';
import type { Artifact } from '../extension/artifact';
import { canonical } from '../plan/digest';
import type { Json, JsonObject } from '../plan/json';
import { isLateJson, type LateJson } from '../plan/late';
import { lookupField, valueContext } from './lookups';
import type { Services } from './services';

/** Replaces every late value of a config by what it is now. Secrets become known to the redactor on the way. */
export async function resolveConfig(config: JsonObject, services: Services): Promise<JsonObject> {
  return (await resolveValue(config, services)) as JsonObject;
}

async function resolveValue(value: Json, services: Services): Promise<Json> {
  if (Array.isArray(value)) return Promise.all(value.map((item: Json) => resolveValue(item, services)));
  if (typeof value !== 'object' || value === null) return value;
  if (isLateJson(value)) return resolveLate(value, services);
  const entries = Object.entries(value as JsonObject).map(
    async ([key, entry]) => [key, await resolveValue(entry, services)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

async function resolveLate(late: LateJson, services: Services): Promise<Json> {
  if ('$output' in late) return outputOf(late.$output, services);
  if ('$secret' in late) return secretOf(late.$secret, services);
  if ('$lookup' in late) return lookupField(late.$lookup, services);
  if ('$asset' in late) return assetPath(late.$asset, services.assetsDir);
  if ('$now' in late) return formatTime(services.run.startedAt, late.$now.format);
  if ('$unique' in late) return uniqueOf(services.run.id, late.$unique.length);
  const parts = await Promise.all(
    late.$text.map(async (part) => (typeof part === 'string' ? part : resolveLate(part, services))),
  );
  return parts.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))).join('');
}

/** An output's value, as the nodes before have left it. */
export function outputOf({ node, name }: { readonly node: string; readonly name: string }, services: Services): Json {
  const artifact = services.outcomes.get(node)?.artifact;
  if (!artifact) {
    throw new GoldsmithError('NOT_FOUND', `the output \`${name}\` of ${node} is used, but ${node} makes no artifact`, {
      hint: 'use outputs of builds that make one',
    });
  }
  const value = outputsOf(artifact)[name];
  if (value !== undefined) return value;
  throw new GoldsmithError(
    'NOT_FOUND',
    `${node} has no output \`${name}\`; it has: ${Object.keys(outputsOf(artifact)).join(', ')}`,
    {
      hint: 'the page of its platform in docs/ lists its outputs',
    },
  );
}

function outputsOf(artifact: Artifact): Readonly<Record<string, Json>> {
  return { id: artifact.id, ...artifact.outputs };
}

async function secretOf(reference: JsonObject & { readonly from: string }, services: Services): Promise<string> {
  const value = await readSecret(reference, services);
  if (!services.redactor.add(value)) {
    services.emit({
      type: 'message',
      level: 'warning',
      text: `a secret (${reference.from}) is shorter than 4 characters: it cannot be hidden in what is printed`,
    });
  }
  return value;
}

function readSecret(reference: JsonObject & { readonly from: string }, services: Services): Promise<string> {
  const { secrets, variables } = services;
  const extension = services.extensions.get('secret', reference.from);
  const read = (): Promise<string> => extension.read(reference, { ...valueContext(services), variables });
  if (extension.onceARun !== true) return read();
  const key = canonical(reference);
  let value = secrets.get(key);
  if (!value) {
    secrets.set(key, (value = read()));
    value.catch(() => secrets.delete(key));
  }
  return value;
}

/** Where a staged asset lies. */
export function assetPath(
  { sha256, name }: { readonly sha256: string; readonly name: string },
  assetsDir: string,
): string {
  const file = path.join(assetsDir, sha256, path.basename(name));
  return name.endsWith('/') ? `${file}/` : file;
}

/** A time in UTC by a format of `YYYY MM DD HH mm ss`, or `unix`. */
export function formatTime(time: number, format: string): string {
  if (format === 'unix') return String(Math.floor(time / 1000));
  const [YYYY, MM, DD, HH, mm, ss] = new Date(time).toISOString().split(/[^0-9]/) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const pieces: Readonly<Record<string, string>> = { YYYY, MM, DD, HH, mm, ss };
  return format.replace(/YYYY|MM|DD|HH|mm|ss/g, (piece) => pieces[piece]!);
}

function uniqueOf(run: string, length: number): string {
  const number = BigInt(`0x${createHash('sha512').update(`unique ${run}`).digest('hex')}`);
  return number.toString(36).padStart(64, '0').slice(-length);
}
