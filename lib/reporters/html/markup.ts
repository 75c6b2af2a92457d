/** HTML that is safe to put into a page as it is: made by {@link markup} alone. */
export class Markup {
  constructor(readonly text: string) {}
}

/** What may stand in a template: texts are escaped, lists are joined, nothing is nothing. */
export type Content = Markup | string | number | undefined | false | readonly Content[];

/**
 * Builds HTML. Whatever is put in is escaped, so that no line of a log can become an element, an attribute or a
 * script; only what `markup` itself built goes in as it is. Attributes are written with double quotes.
 */
export function markup(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(parts.reduce((text, part, index) => text + part + render(values[index]), ''));
}

function render(value: Content): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(render).join('');
  return escape(String(value));
}

/** A sentence with `` `code` `` in it, as messages and hints have it. */
export function prose(text: string): Markup {
  const parts = text.split('`');
  // Without a partner the last backtick is only a backtick.
  if (parts.length % 2 === 0) parts.splice(-2, 2, parts.slice(-2).join('`'));
  return markup`${parts.map((part, index) => (index % 2 === 1 ? markup`<code>${part}</code>` : part))}`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text as it stands in an element or a quoted attribute. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
