/** Props as a list: name, type and default first, what it means below. */

const { defaultIn, limitsOf, shapeOf } = require('./limits.cjs');
const { anchorOf, code, entry, withoutStop, wrapped } = require('./markdown.cjs');
const { isOptional } = require('./samples.cjs');

/** @param shape the schemas of the props by name; what a construct checks itself has none */
function renderProps(props, shape, library) {
  const known = props.map((prop) => ({ ...prop, schema: shape?.[prop.name] }));
  const isRequired = ({ schema, required }) => (schema ? !isOptional(schema) : required);
  const inOrder = [...known.filter(isRequired), ...known.filter((prop) => !isRequired(prop))];
  return inOrder.map((prop) => renderProp(prop, isRequired(prop), library)).join('\n');
}

function renderProp({ name, type, meaning, schema, default: standard = '' }, required, library) {
  const { literal, prose } = defaultOf((schema && defaultIn(schema)) ?? standard);
  const facts = [
    ...(required ? ['required'] : []),
    typeLink(type),
    ...(schema ? limitsOf(schema, library) : []),
    ...(literal === undefined ? [] : [`default ${code(literal)}`]),
  ];
  const text = prose === undefined ? meaning : `${meaning} Default: ${withoutStop(prose)}.`;
  return entry(`**${code(name)}** (${facts.join(', ')})`, text);
}

/** A type links to what it is made of, or to late values where they will do too. */
function typeLink({ text, late, nested }) {
  const object = nested.find(({ name }) => new RegExp(`\\b${name}\\b`).test(text));
  if (object) return `[${code(text)}](#${anchorOf(object.name)})`;
  return late ? `[${code(text)}][late]` : code(text);
}

/** `@default` has a value as it is in code, or after a dash what happens instead, or both in a sentence. */
function defaultOf(text) {
  if (text === '') return {};
  if (/^(?:'[^']*'|-?[\d.]+|true|false|\[[^\]]*\])$/.test(text)) return { literal: text };
  const pieces = text
    .replace(/\s+/g, ' ')
    .replace(/^- /, '')
    .split(/(`+[^`]*`+)/);
  const marked = pieces.map((piece) => (piece.startsWith('`') ? piece : piece.replace(/'[^'\s]*'/g, code('$&'))));
  return { prose: marked.join('') };
}

/** The objects that props are made of, each under its name. */
function renderObjects(objects, props, shape, library) {
  const users = [...props, ...objects.flatMap((object) => object.props)];
  return objects.map(({ name, prose, props: members }) => {
    const user = users.find(({ type }) => type.nested.some((symbol) => symbol.name === name));
    const own = shapeOf(shape?.[user?.name]);
    return [`### ${name}`, ...prose.map((text) => wrapped(text)), renderProps(members, own, library)].join('\n\n');
  });
}

module.exports = { renderObjects, renderProps };
