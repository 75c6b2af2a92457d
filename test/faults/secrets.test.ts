import * as fs from 'node:fs';
import { describeIf } from '../helpers/requires';
import { hasEngine, hasPrograms, NO_ENGINE } from '../helpers/docker';
import { Registry } from '../platforms/docker/registry';
import { findBelow, findIn, findInProcesses } from './helpers/planted';
import type { Project } from './helpers/project';
import { Stage } from './helpers/stage';

/** With all that needs quoting somewhere. */
const SECRETS = {
  env: `Env7+/k&=%w 9"x'y\\z`,
  file: `File-8f3/Q+Qé$(id)~;h`,
  command: 'Command.2bd1a9f0c7',
  variable: '{"v4L/ue+0": "k9"}',
} as const;

/** Where it is written down on purpose. */
const GIVEN = ['images.js', 'secret.txt', 'command.txt'];

const COMMON = `
const secrets = {
  env: g.Secret.fromEnv('PLANTED'),
  file: g.Secret.fromFile('secret.txt'),
  command: g.Secret.fromCommand('cat', ['command.txt']),
  variable: new g.Variable(app, 'planted', { sensitive: true }).secret,
};
const sources = { base, network: 'none' };
`;

/** Prints each of them in every way in which a careless script might. */
const CARELESS = `${COMMON}
const core = new g.Image(app, 'Core');
new DockerSource(core, 'On', { ...sources, loginServer: env.REGISTRY, loginUsername: 'tester', loginPassword: secrets.command });
for (const [name, secret] of Object.entries(secrets)) {
  const vars = { env: { S: secret } };
  new g.ShellProvisioner(core, 'Env-' + name, { ...vars, inline: [
    'echo "it is $S"', 'echo "$S" >&2', 'set -x; : "$S"; set +x',
    'printf %s "$S" | head -c 7; sleep 0.2; printf %s "$S" | tail -c +8 | head -c 4; sleep 0.2; printf "%s\\\\n" "$S" | tail -c +12',
  ] });
  new g.ShellProvisioner(core, 'Text-' + name, { inline: [g.text\`cat <<'END'
\${secret}
END\`] });
  new g.ShellProvisioner(core, 'Fail-' + name, { ...vars, inline: ['echo "fails with $S"; exit 3'], continueOnError: true });
  new g.ShellLocalProvisioner(core, 'Local-' + name, { ...vars, inline: [
    'for x in "" a ab; do printf %s%s "$x" "$S" | base64 -w0; echo; done',
    'node -p "encodeURIComponent(process.env.S)"', 'node -p "JSON.stringify({ is: process.env.S })"',
    'node -p "new URLSearchParams({ is: process.env.S }).toString()"',
  ] });
}
new g.Verification(core, 'Sound', { commands: [g.text\`cat <<'END'
\${secrets.env}
END\`] });
new g.ManifestPostProcessor(core, 'Manifest', { output: 'manifest.json' });
new DockerSavePostProcessor(core, 'Save', { path: 'out/core.tar' });
new g.ShellLocalPostProcessor(core, 'After', { env: { S: secrets.file }, inline: ['echo "$S"'] });
`;

/** Fails, with them in all that an error shows. */
const FAILING = `${COMMON}
for (const [name, secret] of Object.entries(secrets)) {
  const image = new g.Image(app, 'Broken-' + name);
  new DockerSource(image, 'On', sources);
  new g.ShellProvisioner(image, 'Step', { env: { S: secret }, inline: ['echo "last words: $S"; echo "$S" >&2; exit 7'] });
}
const refused = new g.Image(app, 'Refused');
new DockerSource(refused, 'On', { ...sources, loginServer: env.REGISTRY, loginUsername: 'tester', loginPassword: secrets.variable });
const missing = new g.Image(app, 'Missing');
new DockerSource(missing, 'On', sources);
new g.FileProvisioner(missing, 'Step', { content: g.text\`\${secrets.file}\`, destination: g.text\`/nowhere/\${secrets.env}/x\` });
const verified = new g.Image(app, 'Verified');
new DockerSource(verified, 'On', sources);
new g.Verification(verified, 'Step', { commands: [g.text\`cat <<'END' && false
\${secrets.env}
END\`] });
new g.ShellLocalPostProcessor(verified, 'Post', { inline: [g.text\`echo '\${secrets.command}'; exit 4\`] });
`;

const canLogin = hasPrograms('docker-registry', 'htpasswd');

describeIf(
  hasEngine && canLogin,
  hasEngine ? 'it needs docker-registry and htpasswd' : NO_ENGINE,
  'a planted secret',
  () => {
    const stage = new Stage();
    let registry: Registry;
    beforeAll(async () => {
      registry = await Registry.start({ username: 'tester', password: SECRETS.command });
    }, 60_000);
    afterAll(async () => {
      await registry.stop();
    });

    const env = (): Record<string, string> => ({
      PLANTED: SECRETS.env,
      GOLDSMITH_VAR_planted: SECRETS.variable,
      REGISTRY: registry.host,
    });

    function planted(program: string): Project {
      const project = stage.project(program);
      project.write('secret.txt', `${SECRETS.file}\n`);
      project.write('command.txt', `${SECRETS.command}\n`);
      return project;
    }

    test.each([
      ['plain lines', []],
      ['events', ['--json']],
    ])(
      'that careless steps print is in nothing that is shown or kept: %s',
      async (_how, flags) => {
        const project = planted(CARELESS);
        const { status, output } = await project.run(['build', ...flags], env());
        expect({ status, output: status === 0 ? '' : output }).toEqual({ status: 0, output: '' });
        expect(output.match(/<sensitive>/g)!.length).toBeGreaterThan(40);
        expect(findIn(Buffer.from(output), SECRETS)).toEqual([]);
        expect(findBelow(project.dir, SECRETS, GIVEN)).toEqual([]);
        // Beside the saved image, which is among the files: the steps' checkpoints.
        const images = await stage.engine.images(project.app);
        expect(images.length).toBeGreaterThan(10);
        expect(findIn(await stage.engine.saved(images), SECRETS)).toEqual([]);
      },
      180_000,
    );

    test('is in no error, on a terminal neither', async () => {
      const project = planted(FAILING);
      for (const child of [project.start(['build'], env()), project.onTerminal(['build'], env())]) {
        const { status, output } = await child.ended;
        expect(status).toBe(1);
        expect(output).toMatch(/last words: <sensitive>/);
        for (const name of ['Broken-env', 'Broken-file', 'Refused', 'Missing', 'Verified'])
          expect(output).toContain(`${name}/On`);
        expect(findIn(Buffer.from(output), SECRETS)).toEqual([]);
      }
      expect(findBelow(project.dir, SECRETS, GIVEN)).toEqual([]);
    }, 180_000);

    test('is on no command line while the step runs', async () => {
      const project = planted(
        `${COMMON}
      const core = new g.Image(app, 'Core');
      new DockerSource(core, 'On', sources);
      const wait = 'echo ready; until [ -e /gate ]; do sleep 0.1; done';
      new g.ShellProvisioner(core, 'Env', { env: { S: secrets.env, T: secrets.command }, inline: [g.text\`: '\${secrets.command}'\`, wait] });`,
      );
      const build = project.start(['build'], env());
      await build.prints(/ready/);
      expect(findInProcesses(SECRETS)).toEqual([]);
      build.kill('SIGINT');
      await build.ended;
    }, 60_000);

    test('that is missing is an error that names where it was looked for', async () => {
      const project = planted(CARELESS);
      fs.rmSync(project.file('secret.txt'));
      const { PLANTED: _gone, ...rest } = env();
      const { status, output } = await project.run(['build'], rest);
      expect(status).toBe(1);
      expect(output).toMatch(/error\[SECRET_UNAVAILABLE\]: the environment variable `PLANTED` is not set/);
      expect(output).toMatch(/hint: set it where the build runs/);
    }, 60_000);
  },
);
