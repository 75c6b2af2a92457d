import * as path from 'node:path';
import type { NodeResult, NodeState } from '../engine/events';
import type { Artifact } from '../extension/artifact';
import type { RunEnd } from './run-state';
import { tableLines, type Cell } from './table';
import { plainLine } from './text';
import { STATE_WORDS, type Theme } from './theme';
import { counted, formatAge, formatBytes, formatDuration } from './units';

/** What a summary needs beside the run's end. */
export interface SummaryOptions {
  readonly theme: Theme;
  /** When the run ended: what ages are counted from. */
  readonly now: number;
  /** Cells of a line; without it nothing is cut off. */
  readonly columns?: number | undefined;
  /** Folder of the project, from where the user stands. */
  readonly folder?: string | undefined;
}

/** The end of a run: a table of its nodes, the artifacts in full, what was left behind, and the total. */
export function summaryLines(end: RunEnd, options: SummaryOptions): string[] {
  const { theme } = options;
  const lines = end.nodes.length === 0 ? [] : ['', ...nodeLines(end.nodes, options)];
  const artifacts = artifactLines(end.nodes, options);
  if (artifacts.length > 0) lines.push('', theme.bold('artifacts'), ...artifacts.map((line) => `  ${line}`));
  if (end.left.length > 0) {
    lines.push('', theme.warn(theme.bold('left behind')));
    for (const { node, kind, id, why, detail } of end.left) {
      const word = why === 'kept' ? theme.warn('kept') : theme.bad('could not be deleted');
      lines.push(`  ${plainLine(node)}  ${plainLine(kind)} ${plainLine(id)}  ${word}`);
      if (detail !== '') lines.push(...detail.split('\n').map((line) => `    ${plainLine(line)}`));
    }
  }
  return [...lines, '', totalLine(end, theme)];
}

/** `1 failed, 3 done in 14.1s`. */
export function totalLine(end: RunEnd, theme: Theme): string {
  const counts = new Map<NodeState, number>();
  for (const { state } of end.nodes) counts.set(state, (counts.get(state) ?? 0) + 1);
  const order: readonly NodeState[] = ['failed', 'cancelled', 'succeeded', 'cached', 'skipped', 'running', 'pending'];
  const parts = order.flatMap((state) => (counts.has(state) ? [`${counts.get(state)} ${STATE_WORDS[state]}`] : []));
  const sign = { succeeded: theme.good('✔'), failed: theme.bad('✘'), cancelled: theme.warn('■ interrupted:') }[
    end.status
  ];
  return `${sign} ${theme.bold(parts.join(', ') || 'nothing to do')} ${theme.dim('in')} ${formatDuration(end.duration)}`;
}

function nodeLines(nodes: readonly NodeResult[], options: SummaryOptions): string[] {
  const { theme, columns } = options;
  const rows = nodes.map((node): Cell[] => {
    const paint = theme.paint[node.state];
    const ran = node.state !== 'cached' && node.state !== 'skipped' && node.state !== 'pending';
    return [
      { text: theme.sign[node.state], paint },
      { text: plainLine(node.id), paint: theme.bold },
      { text: STATE_WORDS[node.state], paint },
      { text: ran ? formatDuration(node.duration) : '', align: 'right' },
      { text: noteOf(node, options), paint: node.state === 'failed' ? theme.bad : theme.dim },
    ];
  });
  return [...tableLines(rows, columns), ...refreshLines(nodes, theme)];
}

/** How to build anew what was cached. A line for each of many would hide the table. */
function refreshLines(nodes: readonly NodeResult[], theme: Theme): string[] {
  const [first, ...more] = nodes.flatMap(({ cache }) => cache?.refresh ?? []);
  if (first === undefined) return [];
  return [`   ${theme.dim(`to refresh${more.length > 0 ? ', for one' : ''}: ${plainLine(first)}`)}`];
}

function noteOf(
  { state, cache, error, because, artifact, checks }: NodeResult,
  { now, folder }: SummaryOptions,
): string {
  if (cache) return `built ${formatAge(now - cache.builtAt)}`;
  if (error && state !== 'skipped') return plainLine(error.message.split('\n')[0] ?? '');
  if (checks && checks.length > 0 && state === 'succeeded') return `${counted(checks.length, 'check')} passed`;
  if (because && because.length > 0) return `because of ${because.map(plainLine).join(', ')}`;
  return artifact ? shortArtifact(artifact, folder) : '';
}

/** One line about an artifact. */
function shortArtifact({ description, kind, id, files }: Artifact, folder: string | undefined): string {
  if (files.length === 1) return plainLine(`${kind} ${shownPath(files[0]!.path, folder)}`);
  return plainLine(description ?? `${kind} ${id.replace(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1')}`);
}

/** A path of the project, from where the user stands. */
function shownPath(file: string, folder = ''): string {
  return path.isAbsolute(file) ? file : path.join(folder, file);
}

/** Whether the description of an artifact says what its id and its files do not. */
export function saysMore({ description = '', id, files }: Artifact): boolean {
  return !description.includes(id) && !files.some((file) => description.includes(file.path));
}

/** Artifacts in full, since this is what people copy. One that a post-processor only hands on is shown once. */
function artifactLines(nodes: readonly NodeResult[], { theme, folder }: SummaryOptions): string[] {
  const shown = new Set<string>();
  return nodes.flatMap(({ id, artifact }) => {
    if (!artifact) return [];
    const key = JSON.stringify([artifact.kind, artifact.id, artifact.description]);
    if (shown.has(key)) return [];
    shown.add(key);
    const title = `${theme.bold(plainLine(id))}  ${plainLine(artifact.kind)}`;
    // A file's own path stands below already.
    const own = artifact.files.some((file) => file.path === artifact.id);
    const lines = [own ? title : `${title}  ${theme.good(plainLine(artifact.id))}`];
    if (artifact.description !== undefined && saysMore(artifact)) lines.push(`  ${plainLine(artifact.description)}`);
    const files = artifact.files.map(({ path: file, size, sha256 }): Cell[] => [
      { text: plainLine(shownPath(file, folder)) },
      { text: formatBytes(size), align: 'right' },
      { text: sha256 === undefined ? '' : `sha256:${sha256}`, paint: theme.dim },
    ]);
    return [...lines, ...tableLines(files).map((line) => `  ${line}`)];
  });
}
