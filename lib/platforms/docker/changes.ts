/** A change to an image's config, as `docker commit --change` takes it. */
export interface Change {
  /** In upper case. */
  readonly instruction: Instruction;
  /** What follows, as it was written. */
  readonly rest: string;
  /** The words of the JSON form, where it was used. */
  readonly words?: readonly string[];
}

const INSTRUCTIONS = [
  'CMD',
  'ENTRYPOINT',
  'ENV',
  'EXPOSE',
  'HEALTHCHECK',
  'LABEL',
  'ONBUILD',
  'SHELL',
  'STOPSIGNAL',
  'USER',
  'VOLUME',
  'WORKDIR',
] as const;

/** Instructions that change the config of an image. */
export type Instruction = (typeof INSTRUCTIONS)[number];

/** Those that take a JSON array of strings. */
const JSON_FORM: readonly Instruction[] = ['CMD', 'ENTRYPOINT', 'SHELL', 'VOLUME'];

/** Reads one change, or says what is wrong with it. */
export function parseChange(text: string): Change | { readonly problem: string } {
  const match = /^\s*([A-Za-z]+)(?:\s+([\s\S]*?))?\s*$/.exec(text);
  const instruction = match?.[1]?.toUpperCase();
  if (!isInstruction(instruction)) {
    return { problem: `\`changes\` has ${JSON.stringify(text)}, which is none of ${INSTRUCTIONS.join(', ')}` };
  }
  const rest = match?.[2] ?? '';
  if (rest === '') return { problem: `\`changes\` has \`${instruction}\` with nothing after it` };
  const array = rest.startsWith('[') && rest.endsWith(']') && JSON_FORM.includes(instruction);
  const words = array ? jsonWords(rest) : undefined;
  if (array && !words) {
    // Docker would silently take the text as a shell command.
    return {
      problem: `\`changes\` has ${JSON.stringify(text)}: that is no JSON array of strings; the quotes must be double ones`,
    };
  }
  const problem = shapeProblem(instruction, rest, words);
  if (problem !== undefined) return { problem: `\`changes\` has ${JSON.stringify(text)}: ${problem}` };
  return { instruction, rest, ...(words && { words }) };
}

/** What is wrong with a list of changes; undefined where nothing is. Values that are known only at run time are passed over. */
export function problemWithChanges(changes: unknown): string | undefined {
  if (!Array.isArray(changes)) return undefined;
  for (const change of changes as readonly unknown[]) {
    const parsed = typeof change === 'string' ? parseChange(change) : undefined;
    if (parsed && 'problem' in parsed) return parsed.problem;
  }
  return undefined;
}

/** The changes, which must have been checked. */
export function parseChanges(changes: readonly string[]): readonly Change[] {
  return changes.flatMap((change) => {
    const parsed = parseChange(change);
    return 'problem' in parsed ? [] : [parsed];
  });
}

/** A value in double quotes, as ENV and LABEL read it: nothing in it is replaced. */
export function quoteValue(value: string): string {
  return `"${value.replace(/[\\"$]/g, '\\$&').replace(/\r?\n/g, ' ')}"`;
}

function isInstruction(text: string | undefined): text is Instruction {
  return (INSTRUCTIONS as readonly (string | undefined)[]).includes(text);
}

function jsonWords(text: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((word) => typeof word === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What the engine would find wrong only after the whole build: https://docs.docker.com/reference/dockerfile/. */
function shapeProblem(
  instruction: Instruction,
  rest: string,
  words: readonly string[] | undefined,
): string | undefined {
  switch (instruction) {
    case 'SHELL':
      return words && words.length > 0 ? undefined : 'SHELL takes a JSON array of strings, such as ["/bin/bash", "-c"]';
    case 'STOPSIGNAL':
      return /^(?:SIG[A-Z0-9+-]+|\d+)$/.test(rest) ? undefined : 'STOPSIGNAL takes a signal, such as SIGTERM or 15';
    case 'USER':
      return /^\S+$/.test(rest) ? undefined : 'USER takes one word: NAME[:GROUP]';
    case 'HEALTHCHECK':
      return /^NONE$/i.test(rest) || /^(?:--\S+\s+)*CMD\s/i.test(rest)
        ? undefined
        : 'HEALTHCHECK takes NONE, or [OPTIONS] CMD and a command';
    case 'ENV':
    case 'LABEL':
      return /=|\s/.test(rest) ? undefined : `${instruction} takes NAME=VALUE`;
    case 'ONBUILD':
      return /^(?:ONBUILD|FROM|MAINTAINER)\b/i.test(rest)
        ? 'ONBUILD takes any instruction but ONBUILD, FROM and MAINTAINER'
        : undefined;
    default:
      return undefined;
  }
}
