/** Variables that `$NAME` stands for. */
export type Variables = Readonly<Record<string, string>>;

/**
 * The words of a line as a Dockerfile has them: split at blanks, `\` takes the meaning from the next character. Quotes and variables
 * are still as they were written: see {@link expand}.
 */
export function splitWords(line: string): string[] {
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

/** A word without its quotes, and `$NAME`, `${NAME}`, `${NAME:-else}` and `${NAME:+then}` replaced, but in single quotes. */
export function expand(word: string, variables: Variables): string {
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

/** A text as one word of which nothing is replaced. A word has one line, so line ends become blanks. */
export function quoteWord(text: string): string {
  return `"${text.replace(/[\\"$]/g, '\\$&').replace(/\r?\n/g, ' ')}"`;
}

function valueOf([, plain, braced, operator, other]: RegExpExecArray, variables: Variables): string {
  const value = variables[plain ?? braced!] ?? '';
  if (operator === '-') return value === '' ? (other ?? '') : value;
  if (operator === '+') return value === '' ? '' : (other ?? '');
  return value;
}
