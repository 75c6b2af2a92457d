import * as fs from 'node:fs';
import * as path from 'node:path';
import {
  App,
  Asset,
  BreakpointProvisioner,
  FileProvisioner,
  Image,
  Secret,
  ShellProvisioner,
  text,
  Verification,
  type Plan,
} from '../../lib';
import { NullSource } from '../../lib/platforms/null';
import { temporaryFolder } from './support';

const folder = temporaryFolder();
fs.mkdirSync(path.join(folder, 'site'));
fs.writeFileSync(path.join(folder, 'site/index.html'), 'hello');
fs.writeFileSync(path.join(folder, 'other.txt'), 'other');
fs.writeFileSync(path.join(folder, 'setup.sh'), 'echo setup');

function configs(fill: (image: Image) => void): readonly object[] {
  const program = new App('steps', { baseDir: folder, variables: {} });
  const image = new Image(program, 'Web');
  new NullSource(image, 'Here');
  fill(image);
  const plan: Plan = program.synth();
  return plan.nodes
    .flatMap((node) => (node.kind === 'build' ? node.provisioners : node.kind === 'verify' ? [node.step] : []))
    .map(({ config }) => config);
}

const asset = (name: string): object => ({
  $asset: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string, name },
});

test('what is uploaded is staged by content, its trailing slash kept; what is generated or downloaded is not', () => {
  expect(
    configs((image) => {
      new FileProvisioner(image, 'A', { source: 'site/', destination: '/srv' });
      new FileProvisioner(image, 'B', {
        sources: ['site', 'other.txt', new Asset('site', { ignore: ['*.html'] })],
        destination: '/srv/',
      });
      new FileProvisioner(image, 'C', { source: 'made-later.txt', generated: true, destination: '/srv/' });
      new FileProvisioner(image, 'D', { source: '/var/log/', direction: 'download', destination: 'logs' });
      new FileProvisioner(image, 'E', {
        source: 'site/',
        destination: '/srv',
        overrides: { Here: { source: 'other.txt' } },
      });
    }),
  ).toEqual([
    { source: asset('site/'), destination: '/srv' },
    { sources: [asset('site'), asset('other.txt'), asset('site')], destination: '/srv/' },
    { source: 'made-later.txt', generated: true, destination: '/srv/' },
    { source: '/var/log/', direction: 'download', destination: 'logs' },
    { source: asset('other.txt'), destination: '/srv' },
  ]);
});

test('late values may stand in every text', () => {
  const [shell, verification] = configs((image) => {
    new ShellProvisioner(image, 'A', { script: 'setup.sh', env: { TOKEN: Secret.fromEnv('TOKEN') } });
    new Verification(image, 'V', {
      commands: [text`test -n ${Secret.fromEnv('TOKEN')}`, { command: 'nginx -t', exitCode: 0 }],
    });
  });
  expect(shell).toEqual({ script: asset('setup.sh'), env: { TOKEN: { $secret: { from: 'env', name: 'TOKEN' } } } });
  expect(verification).toMatchObject({
    commands: [
      { $text: ['test -n ', { $secret: { from: 'env', name: 'TOKEN' } }] },
      { command: 'nginx -t', exitCode: 0 },
    ],
  });
});

test('all that is wrong is reported at once, in the words of the props', () => {
  const wrong = (): void =>
    void configs((image) => {
      new ShellProvisioner(image, 'None', {});
      new ShellProvisioner(image, 'Both', { inline: ['a'], script: 'setup.sh' });
      new ShellProvisioner(image, 'Gone', { script: 'gone.sh' });
      new ShellProvisioner(image, 'Typo', { inlin: ['a'] } as object);
      new FileProvisioner(image, 'File', { source: 'nowhere/', destination: '/x' });
      new BreakpointProvisioner(image, 'Stop', { note: 5 as unknown as string });
    });
  let problems: readonly { path?: string; code: string; message: string }[] = [];
  try {
    wrong();
  } catch (error) {
    problems = (error as { problems: typeof problems }).problems;
  }
  expect(problems.map((problem) => `${problem.path} ${problem.code} ${problem.message}`).sort()).toEqual([
    expect.stringContaining(
      'Web/Both INVALID_PROPS exactly one of `inline`, `script`, `scripts` is needed, given are `inline`, `script`',
    ),
    expect.stringContaining('Web/File MISSING_ASSET `source` names `nowhere/`'),
    expect.stringContaining('Web/Gone MISSING_ASSET `script` names `gone.sh`'),
    expect.stringContaining(
      'Web/None INVALID_PROPS exactly one of `inline`, `script`, `scripts` is needed, none is given',
    ),
    expect.stringContaining('Web/Stop INVALID_PROPS `note` is 5'),
    expect.stringContaining('Web/Typo INVALID_PROPS exactly one of'),
    expect.stringContaining('Web/Typo INVALID_PROPS unknown prop `inlin`'),
  ]);
});
