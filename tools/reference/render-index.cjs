/** The page that lists the others, and those of the props that all of a kind have. */

const { code, table, withoutStop, wrapped } = require('./markdown.cjs');
const { sentencesOf } = require('./jsdoc.cjs');
const { renderObjects, renderProps } = require('./render-props.cjs');
const { withLinks } = require('./render-page.cjs');

const INTRO = `# Reference

Every construct with every prop: what it takes, what it means and what it is by default. The [guides](../README.md) say
how to use them.

These pages are generated from the comments and schemas in \`lib/\` by \`npm run reference\`.`;

const SECTIONS = [
  ['construct', 'Program'],
  ['source', 'Sources'],
  ['provisioner', 'Provisioners'],
  ['verification', 'Verifications'],
  ['post-processor', 'Post-processors'],
];

function renderIndex(pages, commons, { proseNamed }) {
  return withLinks([
    INTRO,
    ...SECTIONS.flatMap(([kind, title]) => {
      const common = commons.find((one) => one.kind === kind);
      return [`## ${title}`, listOf(pages.filter((page) => page.kind === kind)), ...(common ? [more(common)] : [])];
    }),
    '## How to read it',
    '### Late values',
    wrapped(
      `A text that links here may be a late value as well. ${proseNamed('Late').join(' ')} [All of them](../concepts.md#late-values)`,
    ),
    '### Lengths of time',
    wrapped(proseNamed('duration').join(' ')),
    '### Local files',
    wrapped(`${proseNamed('Asset').join(' ')} [An example](../concepts.md#late-values)`),
  ]);
}

function listOf(pages) {
  const isExtension = pages.some(({ use }) => use !== undefined);
  const heading = isExtension
    ? ['Construct', 'Type key', 'Import from', 'What it is']
    : ['Construct', 'Import from', 'What it is'];
  const rows = pages.map(({ name, file, use, specifier, prose }) => [
    `[${code(name)}](${file})`,
    ...(isExtension ? [code(use)] : []),
    code(specifier),
    withoutStop(sentencesOf(prose[0])[0]),
  ]);
  return table([heading, ...rows]);
}

function more({ title, file }) {
  return `[${withoutStop(title)}](${file})`;
}

function renderCommon({ title, props, objects }, guide, library) {
  return withLinks([
    `# ${withoutStop(title)}`,
    `Guide: ${guide}`,
    renderProps(props, undefined, library),
    ...renderObjects(objects, props, undefined, library),
  ]);
}

module.exports = { renderCommon, renderIndex };
