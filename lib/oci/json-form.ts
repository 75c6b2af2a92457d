/**
 * The words of an instruction's JSON form, `["nginx", "-g", "daemon off;"]`; undefined where it is another form. What is in brackets
 * and no JSON Docker takes as a command for the shell, which nobody means: here it is an error.
 */
export function jsonForm(text: string): readonly string[] | undefined {
  if (!text.startsWith('[') || !text.endsWith(']')) return undefined;
  const words = parse(text);
  if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words;
  throw new Error('that is no JSON array of strings; the quotes must be double ones');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
