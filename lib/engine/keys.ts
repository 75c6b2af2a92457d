import type { Artifact } from '../extension/artifact';
import { digestOf } from '../plan/digest';
import type { Json, JsonObject } from '../plan/json';
import { isLateJson, type LateJson } from '../plan/late';
import type { BuildNode, StepSpec } from '../plan/schema';
import { outputOf } from './resolve';
import type { Services } from './services';

/** The keys of a build: of the machine as launched, after each step, and of the artifact. */
export interface BuildKeys {
  readonly launch: string;
  /** One a step; a step that changes nothing has the key before it. */
  readonly steps: readonly string[];
  readonly artifact: string;
}

/**
 * What a build's result depends on. Each step extends the key of the one before, so that a checkpoint stands for everything up to it.
 * Secrets count by reference, times and random ids not at all; outputs of other nodes and lookups by what they are now.
 *
 * @param base what the build starts from, resolved: the lookup's answer, or the id of the artifact
 */
export function buildKeys(node: BuildNode, base: Json, services: Services): BuildKeys {
  const { use, config } = node.source;
  const platform = services.extensions.get('platform', use);
  const late = new Set([...(platform.captureProps ?? []), ...(platform.nameProps ?? [])]);
  const passive = new Set([...(platform.passiveProps ?? []), ...(platform.publishProps ?? [])]);
  const pick = (wanted: (name: string) => boolean): Json =>
    current(
      Object.fromEntries(Object.entries(config).filter(([name]) => !passive.has(name) && wanted(name))),
      services,
    );

  const launch = digestOf({ use, revision: platform.revision ?? 1, base, config: pick((name) => !late.has(name)) });
  const steps: string[] = [];
  let key = launch;
  for (const step of node.provisioners) {
    if (changesImage(step, services)) {
      const revision = services.extensions.get('provisioner', step.use).revision ?? 1;
      key = digestOf({ before: key, use: step.use, revision, config: current(step.config as Json, services) });
    }
    steps.push(key);
  }
  return { launch, steps, artifact: digestOf({ before: key, capture: pick((name) => late.has(name)) }) };
}

/** How a build publishes what it makes; undefined where its platform does not tell that from how it makes it. */
export function publishKey({ source }: BuildNode, services: Services): string | undefined {
  const { publishProps } = services.extensions.get('platform', source.use);
  if (!publishProps) return undefined;
  const props = Object.fromEntries(Object.entries(source.config).filter(([name]) => publishProps.includes(name)));
  return digestOf({ publish: current(props as Json, services) });
}

/** Whether a step is part of what the image becomes. */
export function changesImage(step: StepSpec, services: Services): boolean {
  return !step.policy?.onFailure && !services.extensions.get('provisioner', step.use).passive;
}

/** Key of a post-processor or verification: what it does, and to which artifacts. */
export function stepKey(
  kind: 'process' | 'verify',
  step: StepSpec,
  revision: number,
  inputs: readonly (Artifact | undefined)[],
  services: Services,
): string {
  // Ids are a platform's own: two platforms may give the same.
  const ids = inputs.map((artifact) => (artifact ? [artifact.kind, artifact.id] : null));
  return digestOf({ kind, use: step.use, revision, config: current(step.config as Json, services), inputs: ids });
}

function current(value: Json, services: Services): Json {
  if (Array.isArray(value)) return value.map((item: Json) => current(item, services));
  if (typeof value !== 'object' || value === null) return value;
  if (isLateJson(value)) return currentLate(value, services) as Json;
  return Object.fromEntries(Object.entries(value as JsonObject).map(([key, entry]) => [key, current(entry, services)]));
}

function currentLate(late: LateJson, services: Services): unknown {
  if ('$output' in late) return { $output: outputOf(late.$output, services) };
  if ('$text' in late)
    return { $text: late.$text.map((part) => (typeof part === 'string' ? part : currentLate(part, services))) };
  if ('$lookup' in late) {
    const { id, field } = late.$lookup;
    return { $lookup: (services.known.get(id) as JsonObject | undefined)?.[field] ?? null };
  }
  return late;
}
