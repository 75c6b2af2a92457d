import { GoldsmithError, messageOf } from '../errors';
import { INSTRUCTIONS, type Effect } from './instructions';
import type { RunConfig } from './run-config';

/** An instruction that changes how an image is run. */
export type Instruction = keyof typeof INSTRUCTIONS;

/** A change to how an image is run, in the words of a Dockerfile, as `docker commit --change` takes it. */
export interface Change {
  /** As it was written. */
  readonly text: string;
  /** In upper case. */
  readonly instruction: Instruction;
  readonly effect: Effect;
}

/** Reads one change. */
export function parseChange(text: string): Change {
  return explained(text, () => {
    const [, word = '', rest = ''] = /^\s*([A-Za-z]*)(?:\s+(.*?))?\s*$/s.exec(text) ?? [];
    const instruction = word.toUpperCase();
    if (!isInstruction(instruction)) throw new Error(`that is none of ${Object.keys(INSTRUCTIONS).join(', ')}`);
    if (rest === '') throw new Error(`${instruction} has nothing after it`);
    return { text, instruction, effect: INSTRUCTIONS[instruction](rest) };
  });
}

/** What is wrong with a list of changes; undefined where nothing is. Values that are known only at run time are passed over. */
export function problemWithChanges(changes: unknown): string | undefined {
  if (!Array.isArray(changes)) return undefined;
  try {
    for (const change of changes as readonly unknown[]) if (typeof change === 'string') parseChange(change);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * Changes how an image is run. What no change names, stays; but a new ENTRYPOINT without a new CMD takes the old CMD away, as it
 * does in a Dockerfile, since the one is the other's argument.
 */
export function applyChanges(run: RunConfig, changes: readonly string[]): RunConfig {
  const parsed = changes.map(parseChange);
  let result = run;
  for (const { text, effect } of parsed) result = explained(text, () => ({ ...result, ...effect(result) }));
  const names = (wanted: Instruction): boolean => parsed.some(({ instruction }) => instruction === wanted);
  const { Cmd: _, ...withoutCommand } = result;
  return names('ENTRYPOINT') && !names('CMD') ? withoutCommand : result;
}

/** What goes wrong with a change is said with the change. */
function explained<T>(text: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new GoldsmithError('INVALID_PROPS', `\`changes\` has ${JSON.stringify(text)}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function isInstruction(text: string): text is Instruction {
  return Object.hasOwn(INSTRUCTIONS, text);
}
