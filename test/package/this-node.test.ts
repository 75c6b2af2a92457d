import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const root = path.join(__dirname, '../..');
const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, string | object>;
  version: string;
};
const subpaths = Object.entries(manifest.exports).flatMap(([name, target]) =>
  typeof target === 'string' ? [] : [`goldsmith${name.slice(1)}`],
);

/** A build of a machine that is there already: it needs neither an engine nor a kernel's favour. */
const PROGRAM = `
const { App, Image, ShellProvisioner } = require('goldsmith');
const { NullSource } = require('goldsmith/null');
const app = new App('here', { baseDir: process.argv[1], variables: {} });
const image = new Image(app, 'Hello');
new NullSource(image, 'Here');
new ShellProvisioner(image, 'Greet', { inline: ['echo hello from $GOLDSMITH_BUILD'] });
let said = '';
app
  .build({ onEvent: (event) => { if (event.type === 'output') said += event.text; } })
  .then(({ ok }) => console.log(ok, said.trim()));
`;

/** The compiled package under the Node that runs this test: CI runs it under each that is supported. */
describe(`the compiled package under Node ${process.version}`, () => {
  let dir: string;

  beforeEach(() => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-node-'));
  });

  afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

  function node(...args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    if (status !== 0) throw new Error(`node ${args[0]} ended with ${status}: ${stderr}`);
    return stdout.trim();
  }

  test('says its version', () => {
    expect(node('dist/cli/main.js', '--version')).toBe(manifest.version);
  });

  test.each(subpaths)('%s can be required and imported, with the same names', (name) => {
    const required = node('-e', `console.log(Object.keys(require('${name}')).sort().join())`);
    const program = `import * as all from '${name}'; console.log(Object.keys(all).filter((name) => !/^(default|module.exports|__esModule)$/.test(name)).sort().join())`;
    expect(required).not.toBe('');
    expect(node('--input-type=module', '-e', program)).toBe(required);
  });

  test('builds', () => {
    expect(node('-e', PROGRAM, dir)).toBe('true hello from Hello/Here');
  });
});
