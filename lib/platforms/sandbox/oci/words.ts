/** Variables that `$NAME` stands for. */
export type Variables = Readonly<Record<string, string>>;

/**
 * The words of a line as a Dockerfile has them: split at blanks, quotes removed, `\` takes the meaning from the next character, and `$NAME`,
 * `${NAME}`, `${NAME:-else}` and `${NAME:+then}` replaced, but in single quotes.
 */
export function splitWords(line: string, variables: Variables): string[] {
  return rawWords(line).map((word) => expand(word, variables));
}

/** The line as one word. */
export function expandLine(line: string, variables: Variables): string {
  return expand(line.trim(), variables);
}

/** Words with their quotes still on. */
function rawWords(line: string): string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const character = line[i]!;
    if (character === '\\' && quote !== "'") {
      word += character + (line[++i] ?? '');
    } else if (quote !== '') {
      word += character;
      if (character === quote) quote = '';
    } else if (/\s/.test(character)) {
      if (word !== '') words.push(word);
      word = '';
    } else {
      if (character === '"' || character === "'") quote = character;
      word += character;
    }
  }
  if (quote !== '') throw new Error(`a quote (${quote}) is not closed`);
  if (word !== '') words.push(word);
  return words;
}

/** Takes quotes off and puts values in. */
function expand(word: string, variables: Variables): string {
  let result = '';
  let quote = '';
  for (let i = 0; i < word.length; i++) {
    const character = word[i]!;
    if (quote === "'") {
      if (character === "'") quote = '';
      else result += character;
    } else if (character === '\\') {
      const next = word[++i] ?? '';
      // Between double quotes a backslash means itself, but before what it could be needed for.
      result += quote === '"' && !'"$\\'.includes(next) ? `\\${next}` : next;
    } else if (character === quote) {
      quote = '';
    } else if (quote === '' && (character === '"' || character === "'")) {
      quote = character;
    } else if (character === '$') {
      const variable = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::([-+])([^}]*))?\})/.exec(word.slice(i));
      if (variable) i += variable[0].length - 1;
      result += variable ? valueOf(variable, variables) : character;
    } else result += character;
  }
  return result;
}

function valueOf([, plain, braced, operator, other]: RegExpExecArray, variables: Variables): string {
  const value = variables[plain ?? braced!] ?? '';
  if (operator === '-') return value === '' ? (other ?? '') : value;
  if (operator === '+') return value === '' ? '' : (other ?? '');
  return value;
}
