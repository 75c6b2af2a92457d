/** The page of one construct. */

const { exampleOf } = require('./example.cjs');
const { factsOf } = require('./facts.cjs');
const { groupsOf, unsaid } = require('./groups.cjs');
const { code, entry, listed, table, withoutStop, wrapped } = require('./markdown.cjs');
const { renderObjects, renderProps } = require('./render-props.cjs');
const { rulesOf } = require('./rules.cjs');

const LATE = 'Where [`string`][late] is a link, a late value will do too, such as a secret.';

/** Where the words that facts of a prop link to are explained. */
const LINKS = {
  late: 'README.md#late-values',
  time: 'README.md#lengths-of-time',
  file: 'README.md#local-files',
};

/**
 * @param construct as read-code.cjs reads it
 * @param extension what runs it; undefined for goldsmith's own constructs
 * @param context `common`: the page of the props that all of its kind have; `exported`: names by specifier; `guide`; `members`: what the interface of the
 *   extension says of its members; `library`: the exports of goldsmith
 */
function renderPage(construct, extension, { common, exported, guide, members, library }) {
  const shape = extension?.schema._zod.def.shape;
  const groups = groupsOf(construct, new Set(common?.names));
  const rules = extension ? rulesOf(extension.schema) : [];
  const claims = unsaid([...groups.claims, ...groups.apart.flatMap((group) => group.claims)], rules);
  const objects = construct.objects.filter(({ name }) => isUsed(name, construct.objects, groups));
  // Which props must be given, one wants to know first.
  const isChoice = (rule) => /\bone of `/i.test(rule);
  const all = [...claims, ...rules];
  return withLinks([
    `# ${construct.name}`,
    ...construct.prose.map((text) => wrapped(text)),
    fenced(exampleOf(construct, exported)),
    table([['', ''], ...(extension ? factsOf(construct.kind, extension) : []), ['Guide', guide]]),
    '## Props',
    ...all.filter(isChoice).map((rule) => wrapped(rule)),
    ...(construct.props.some(({ type }) => type.late) ? [LATE] : []),
    renderProps(groups.own, shape, library),
    ...(common ? [wrapped(alsoIn(common, groups.own))] : []),
    ...groups.apart.flatMap(({ title, members: props }) => [
      `### ${withoutStop(title)}`,
      renderProps(props, shape, library),
    ]),
    ...renderObjects(objects, construct.props, shape, library),
    ...section('## Rules', list(all.filter((rule) => !isChoice(rule)))),
    ...section('## How the engine treats them', extension ? treatmentOf(extension, members) : ''),
  ]);
}

/** An object of props that are on another page is there, too. */
function isUsed(name, objects, { own, apart }) {
  const props = [...own, ...apart.flatMap(({ members }) => members), ...objects.flatMap((object) => object.props)];
  return props.some(({ type }) => type.nested.some((symbol) => symbol.name === name));
}

function alsoIn({ title, file, names }, own) {
  const link = `[${withoutStop(title)[0].toLowerCase()}${withoutStop(title).slice(1)}](${file})`;
  return `${own.length === 0 ? 'It has the' : 'And the'} ${link}: ${listed(names.map(code))}.`;
}

/** Props that a platform or post-processor treats in a way of their own. */
function treatmentOf(extension, members) {
  const kinds = members.filter(({ name }) => name.endsWith('Props') && extension[name]?.length > 0);
  return kinds.map(({ name, meaning }) => entry(listed(extension[name].map(code)), meaning)).join('\n');
}

function list(rules) {
  return rules.map((rule) => wrapped(`- ${rule}`, '  ')).join('\n');
}

function section(title, text) {
  return text === '' ? [] : [title, text];
}

function fenced(text) {
  return `\`\`\`ts\n${text}\n\`\`\``;
}

/** Blocks of a page, with the links that they use at its end. */
function withLinks(blocks) {
  const used = Object.entries(LINKS).filter(([name]) => blocks.some((block) => block.includes(`][${name}]`)));
  const links = used.map(([name, target]) => `[${name}]: ${target}`).join('\n');
  return `${[...blocks, links].filter((block) => block !== '').join('\n\n')}\n`;
}

module.exports = { renderPage, withLinks };
