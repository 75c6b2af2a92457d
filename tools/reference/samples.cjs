/** Values that a schema takes: to try out what it says of several props together. */

/** One of these will do for a text, whatever its pattern. */
const TEXTS = ['x', '1s', '0644', '/x', 'X', 'x/x', '1:x:1', `SHA256:${'A'.repeat(43)}`];

/** A few values for each prop: all that are few, such as booleans and enums. */
function samplesOf(schema) {
  const def = schema._zod.def;
  const ok = (value) => schema.safeParse(value).success;
  switch (def.type) {
    case 'optional':
    case 'readonly':
    case 'default':
      return samplesOf(def.innerType);
    case 'string':
    case 'template_literal':
      return TEXTS.filter(ok).slice(0, 1);
    case 'number':
      return [0, 1].filter(ok).slice(0, 1);
    case 'boolean':
      return [true, false];
    case 'literal':
      return def.values;
    case 'enum':
      return Object.values(def.entries);
    case 'array':
      return samplesOf(def.element)
        .slice(0, 1)
        .map((value) => [value]);
    case 'record':
      return ['X', '-'].map((name) => ({ [name]: samplesOf(def.valueType)[0] }));
    case 'union':
      return def.options.flatMap(samplesOf).filter(ok);
    case 'object':
      return [requiredOf(def.shape)];
    // Late values: a text stands beside them everywhere.
    case 'lazy':
      return [];
    default:
      throw new Error(`tools/reference/samples.cjs knows no value for a schema of type ${def.type}`);
  }
}

/** What must be given, and nothing else. */
function requiredOf(shape) {
  const required = Object.entries(shape).filter(([, schema]) => !isOptional(schema));
  return Object.fromEntries(required.map(([name, schema]) => [name, samplesOf(schema)[0]]));
}

function isOptional(schema) {
  return schema._zod.optin === 'optional';
}

module.exports = { isOptional, requiredOf, samplesOf, TEXTS };
