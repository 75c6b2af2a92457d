/** What an extension says of itself to the engine, as rows of a table. */

const { code, listed } = require('./markdown.cjs');
const { requiredOf, samplesOf } = require('./samples.cjs');

function factsOf(kind, extension) {
  return [['Type key', code(extension.use)], ...FACTS[kind](extension)];
}

const FACTS = {
  source: (extension) => [
    ['Makes', kindsOf(extension)],
    ...(extension.cacheable === false ? [['From the cache', 'never']] : []),
  ],
  provisioner: changes,
  verification: changes,
  'post-processor': ({ accepts, produces, keepInput, cacheable, runsWithoutInput }) => [
    ['Takes', accepts ? listed(accepts.map(code), 'or') : 'any artifact'],
    ['Makes', produces === undefined ? 'nothing: it hands on what it takes' : code(produces)],
    ['Keeps what it takes', kept(keepInput)],
    ...(cacheable === false ? [['Left out where nothing changed', 'never']] : []),
    ...(runsWithoutInput ? [['Runs where there is no artifact', 'yes']] : []),
  ],
};

function changes({ passive }) {
  return [["Part of the image's digest", passive ? 'no' : 'yes']];
}

function kept({ default: standard, forced, keeps }) {
  if (forced) return standard ? 'always' : 'never';
  const always = keeps ? `; ${listed(keeps.map(code), 'and')} always` : '';
  return `${standard ? 'unless `keepInputArtifact: false`' : 'only with `keepInputArtifact: true`'}${always}`;
}

/** All kinds of artifacts that a platform makes with one prop or another. */
function kindsOf({ schema, produces }) {
  const { shape } = schema._zod.def;
  const required = requiredOf(shape);
  const configs = Object.entries(shape).flatMap(([name, prop]) => samplesOf(prop).map((value) => ({ [name]: value })));
  const kinds = [{}, ...configs].map((config) => produces({ ...required, ...config }));
  const made = [...new Set(kinds)].filter((kind) => kind !== undefined).map(code);
  const none = kinds.includes(undefined) ? ['no artifact'] : [];
  return listed([...made, ...none], 'or');
}

module.exports = { factsOf };
