/** The reference: its pages, by name. From the comments in lib/, and from the schemas of the extensions. */

const fs = require('node:fs');
const path = require('node:path');
const { guideTo } = require('./guides.cjs');
const { sentencesOf } = require('./jsdoc.cjs');
const { readCode } = require('./read-code.cjs');
const { renderCommon, renderIndex } = require('./render-index.cjs');
const { renderPage } = require('./render-page.cjs');

/** goldsmith itself, and each of its platforms. */
const entryPoints = [
  { name: 'index', specifier: 'goldsmith' },
  ...fs
    .readdirSync(path.join(__dirname, '../../lib/platforms'))
    .map((name) => ({ name: `platforms/${name}`, specifier: `goldsmith/${name}` })),
];

/** Interfaces of the props that all of a kind have, and of what runs them. */
const COMMON = { provisioner: 'ProvisionerProps', 'post-processor': 'PostProcessorProps' };
const MEMBERS = { source: 'PlatformExtension', 'post-processor': 'PostProcessorExtension' };

/** @param load gives the exports of an entry point, such as `platforms/docker` */
function reference(load) {
  const modules = Object.fromEntries(entryPoints.map(({ name, specifier }) => [specifier, load(name)]));
  const library = modules.goldsmith;
  const code = readCode(entryPoints);
  const commons = Object.entries(COMMON).map(([kind, name]) => commonOf(kind, code.interfaceNamed(name)));
  const pages = code.constructs.map((construct) => {
    const extension = construct.extension && modules[construct.specifier][construct.extension];
    const members = MEMBERS[construct.kind] ? code.membersNamed(MEMBERS[construct.kind]) : [];
    const common = commons.find(({ kind }) => kind === construct.kind);
    const context = { common, exported: code.exported, guide: guideTo(construct.name), members, library };
    return {
      ...construct,
      use: extension?.use,
      file: fileOf(construct.name),
      text: renderPage(construct, extension, context),
    };
  });
  const files = [
    { file: 'README.md', text: renderIndex(pages, commons, code) },
    ...commons.map((common) => ({ file: common.file, text: renderCommon(common, guideTo(common.name), library) })),
    ...pages,
  ];
  return { pages, commons, files: new Map(files.map(({ file, text }) => [file, text])) };
}

function commonOf(kind, { name, prose, props, objects }) {
  const [title] = sentencesOf(prose[0]);
  return { kind, name, title, prose, props, objects, names: props.map((prop) => prop.name), file: `every-${kind}.md` };
}

/** ShellProvisioner → shell-provisioner.md */
function fileOf(name) {
  return `${name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()}.md`;
}

module.exports = { reference };
