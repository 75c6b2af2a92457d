/** An example with the imports that it needs: what is public and named in it. */

/** @param exported which names each specifier exports */
function exampleOf({ name, specifier, example = '' }, exported) {
  const words = new Set([
    name,
    ...[...example.matchAll(/(?<![.'"\w])(?:new )?([A-Za-z]\w*)(?=[(.`])/g)].map(([, word]) => word),
  ]);
  const seen = new Set();
  const imports = exported.flatMap((module) => {
    const names = module.names.filter(
      (one) => words.has(one) && !seen.has(one) && (one !== name || module.specifier === specifier),
    );
    for (const one of names) seen.add(one);
    return names.length === 0 ? [] : [`import { ${names.sort().join(', ')} } from '${module.specifier}';`];
  });
  return [imports.join('\n'), ...(example === '' ? [] : [example])].join('\n\n');
}

module.exports = { exampleOf };
