import { GoldsmithError } from '../errors';

const FIELD = /\{\{-?\s*(?:\.(\w+)|build\s+[`"](\w+)[`"])\s*-?\}\}/g;

/**
 * Fills in the fields of a template text as Packer writes them: `{{.Path}}`, `{{ .Vars }}`, and for facts of the
 * build also `` {{ build `Host` }} ``.
 *
 * @param prop the prop that holds the text, for messages
 */
export function renderTemplate(prop: string, text: string, values: Readonly<Record<string, string>>): string {
  const filled = text.replace(FIELD, (whole, field?: string, fact?: string) => {
    const value = values[field ?? fact ?? ''];
    if (value === undefined) throw unknownField(prop, whole, values);
    return value;
  });
  const left = /\{\{.*?\}\}/.exec(text.replace(FIELD, ''));
  if (left) throw unknownField(prop, left[0], values);
  return filled;
}

function unknownField(prop: string, field: string, values: Readonly<Record<string, string>>): GoldsmithError {
  const names = Object.keys(values).map((name) => `{{.${name}}}`);
  return new GoldsmithError('INVALID_PROPS', `\`${prop}\` has ${field}, which is not known here`, {
    hint: names.length > 0 ? `what may stand there: ${names.join(', ')}` : 'nothing in double braces may stand there',
  });
}
