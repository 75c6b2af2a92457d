import type { Artifact, ResourceRecord } from '../extension/artifact';
import type { Json } from '../plan/json';
import type { PlanNode } from '../plan/schema';
import { FILE_KIND, type HeldFile } from './files';

/** Whether what a build makes waits for verifications before it is published. */
export function isGated(node: { readonly id: string }, nodes: readonly PlanNode[]): boolean {
  return nodes.some((other) => other.kind === 'verify' && other.build === node.id);
}

/** What of an artifact waits. */
export function heldFiles({ resources }: Artifact): readonly HeldFile[] {
  return resources.flatMap((resource) => heldFile(resource) ?? []);
}

/** Where a resource waits and belongs; undefined where it does not wait. */
export function heldFile({ kind, locator }: ResourceRecord): HeldFile | undefined {
  const { path: file, becomes } = locator as { readonly path?: string; readonly becomes?: string };
  return kind === FILE_KIND && file !== undefined && becomes !== undefined ? { path: file, becomes } : undefined;
}

/** An artifact as it is while it waits: its files and outputs name the places where they lie. */
export function asHeld(artifact: Artifact): Artifact {
  return renamed(artifact, new Map(heldFiles(artifact).map(({ path: file, becomes }) => [becomes, file])));
}

/** An artifact with other names for its files, also where its outputs name them. */
export function renamed(artifact: Artifact, names: ReadonlyMap<string, string>): Artifact {
  if (names.size === 0) return artifact;
  const rename = (text: string): string => {
    for (const [from, to] of names) {
      if (text === from) return to;
      if (text.startsWith(`${from}/`)) return `${to}${text.slice(from.length)}`;
    }
    return text;
  };
  const inside = (value: Json): Json => {
    if (typeof value === 'string') return rename(value);
    if (Array.isArray(value)) return value.map((item: Json) => inside(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, inside(entry as Json)]));
  };
  return {
    ...artifact,
    files: artifact.files.map((file) => ({ ...file, path: rename(file.path) })),
    outputs: inside(artifact.outputs) as Artifact['outputs'],
  };
}
