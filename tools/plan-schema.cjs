/** The JSON Schema of plan.json: the plan's own schema, with the configs of the extensions that the package brings. */

const { z } = require('zod');

/** Which of a node's parts are run by which kind of extension. */
const PARTS = {
  build: { source: 'platform', provisioners: 'provisioner' },
  verify: { step: 'provisioner' },
  process: { step: 'post-processor' },
};

/** A string, or what becomes one: in nearly every prop. */
const TEXT = '{"anyOf":[{"type":"string"},{"$ref":"#/$defs/late"}]}';

/**
 * @param planSchema what a plan is checked with when it is read
 * @param entryPoints the package's modules: their extensions are found as the engine finds them
 */
function planJsonSchema(planSchema, entryPoints) {
  const $defs = { text: JSON.parse(TEXT) };
  const { $schema, ...plan } = convert(planSchema, $defs);
  for (const [kind, extensions] of Object.entries(byKind(entryPoints))) {
    for (const { use, schema } of extensions) {
      const { $schema: _, ...config } = convert(schema, $defs);
      $defs[`${kind}.${use}`] = config;
    }
    $defs[kind] = {
      description: `the config of each ${kind} that goldsmith brings; what others bring is checked when a plan is run`,
      allOf: extensions.map(({ use }) => ({
        if: { type: 'object', properties: { use: { const: use } }, required: ['use'] },
        then: { type: 'object', properties: { config: { $ref: `#/$defs/${kind}.${use}` } } },
      })),
    };
  }
  for (const node of plan.properties.nodes.items.oneOf) {
    for (const [part, kind] of Object.entries(PARTS[node.properties.kind.const])) {
      const schema = node.properties[part];
      (schema.items ?? schema).$ref = `#/$defs/${kind}`;
    }
  }
  const sorted = Object.fromEntries(Object.entries($defs).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    $schema,
    title: 'goldsmith plan',
    description: 'What `goldsmith synth` writes and `goldsmith build plan.json` runs.',
    ...plan,
    $defs: sorted,
  };
}

function byKind(entryPoints) {
  const kinds = { platform: new Map(), provisioner: new Map(), 'post-processor': new Map() };
  for (const value of entryPoints.flatMap((entryPoint) => Object.values(entryPoint))) {
    if (typeof value === 'object' && value !== null && 'use' in value && 'schema' in value) {
      kinds[value.kind]?.set(value.use, value);
    }
  }
  return Object.fromEntries(
    Object.entries(kinds).map(([kind, found]) => [kind, [...found.values()].sort((a, b) => (a.use < b.use ? -1 : 1))]),
  );
}

/** As JSON Schema; definitions that several share go to `$defs` under names that tell what they are. */
function convert(schema, $defs) {
  const { $defs: own = {}, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  const names = new Map(Object.entries(own).map(([name, definition]) => [name, nameOf(definition)]));
  const renamed = (value) =>
    JSON.parse(
      JSON.stringify(value)
        .replace(/"#\/\$defs\/(__\w+)"/g, (_, name) => `"#/$defs/${names.get(name)}"`)
        .replaceAll(TEXT, '{"$ref":"#/$defs/text"}'),
    );
  for (const [name, definition] of Object.entries(own)) $defs[names.get(name)] = renamed(definition);
  return renamed(rest);
}

function nameOf({ anyOf = [] }) {
  if (anyOf.some((option) => option.properties?.$output)) return 'late';
  if (anyOf.some((option) => option.type === 'null')) return 'json';
  throw new Error('tools/plan-schema.cjs has no name for a definition that schemas share');
}

module.exports = { planJsonSchema };
