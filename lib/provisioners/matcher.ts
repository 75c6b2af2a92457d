const EXPRESSION = /^\/(.*)\/([dgimsuvy]*)$/s;

/** Tells whether a text is as expected: holds a text, or matches an expression between slashes. Undefined: no valid expression. */
export function matcherOf(expected: string): ((text: string) => boolean) | undefined {
  const [, source, flags] = EXPRESSION.exec(expected) ?? [];
  if (source === undefined) return (text) => text.includes(expected);
  try {
    const pattern = new RegExp(source, flags);
    // `$` shall also stand before the line end that ends an output, as it does in grep.
    return (text) => text.search(pattern) >= 0 || text.replace(/\r?\n$/, '').search(pattern) >= 0;
  } catch {
    return undefined;
  }
}

/** Whether a text is as expected; without an expectation it is. */
export function fits(expected: string | undefined, text: string): boolean {
  return expected === undefined || matcherOf(expected)?.(text) === true;
}

/** The end of a message on a text that is not as expected. */
export function differs(expected: string): string {
  return EXPRESSION.test(expected) ? `does not match ${expected}` : `does not hold ${JSON.stringify(expected)}`;
}
