/** What a schema allows of one prop, in a few words. */

/** @param library the exports of goldsmith: `assetKindOf` and `duration` tell what a text stands for */
function limitsOf(schema, library) {
  const { type, checks = [], ...def } = schema._zod.def;
  const asset = library.assetKindOf(schema);
  if (asset !== undefined) return [ASSETS[asset]];
  const limits = checks.map((check) => check._zod.def);
  switch (type) {
    case 'array':
      return [...leastOf(limits), ...limitsOf(def.element, library).map((text) => `each ${withArticle(text)}`)];
    case 'number':
      return numberOf(limits);
    case 'string':
      return patternOf(schema) === patternOf(library.duration()) ? ['[length of time][time]'] : wordsOf(limits);
    case 'union':
      return [...new Set(def.options.flatMap((option) => limitsOf(option, library)))];
    default:
      return def.innerType ? limitsOf(def.innerType, library) : [];
  }
}

/** What stands where nothing is given, if it is the schema that says so. */
function defaultIn(schema) {
  const { type, innerType, defaultValue } = schema._zod.def;
  if (type === 'default') return JSON.stringify(defaultValue).replaceAll('"', "'");
  return innerType && defaultIn(innerType);
}

const ASSETS = { file: '[local file][file]', directory: '[local folder][file]', any: '[local file or folder][file]' };

function patternOf(schema) {
  return schema._zod.def.checks?.map((check) => check._zod.def.pattern?.source).find((source) => source !== undefined);
}

/** A pattern's own message says what it takes. */
function wordsOf(limits) {
  return limits.flatMap(({ pattern, error }) => (pattern && error ? [error({})] : []));
}

function leastOf(limits) {
  const least = limits.find(({ check }) => check === 'min_length');
  return least ? [`at least ${least.minimum === 1 ? 'one' : least.minimum}`] : [];
}

function numberOf(limits) {
  const bound = (name) => limits.find(({ check }) => check === name)?.value;
  const range = [
    ['from', bound('greater_than')],
    ['to', bound('less_than')],
  ].flatMap(([word, value]) => (value === undefined ? [] : [` ${word} ${value}`]));
  const whole = limits.some(({ format }) => format === 'safeint');
  return whole || range.length > 0 ? [`${whole ? 'whole ' : ''}number${range.join('')}`] : [];
}

function withArticle(text) {
  return /^an? |^permissions/.test(text) ? text : `a ${text}`;
}

/** The schemas of the props of an object, also where there is a list of it or something else is allowed; by name. */
function shapeOf(schema) {
  const def = schema?._zod.def;
  const inner = def?.innerType ?? def?.element ?? def?.options?.find((option) => shapeOf(option) !== undefined);
  return def?.shape ?? (inner && shapeOf(inner));
}

module.exports = { defaultIn, limitsOf, shapeOf };
