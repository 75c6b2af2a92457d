import * as fs from 'node:fs';
import * as path from 'node:path';
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import * as goldsmith from '../../lib';
import { App, Image, ManifestPostProcessor, Secret, ShellProvisioner, Verification, text, timestamp } from '../../lib';
import * as docker from '../../lib/platforms/docker';
import * as aws from '../../lib/platforms/aws';
import * as nullPlatform from '../../lib/platforms/null';
import * as qemu from '../../lib/platforms/qemu';
import * as sandbox from '../../lib/platforms/sandbox';
import type { Plan } from '../../lib/plan';
import { planSchema } from '../../lib/plan/schema';

const { planJsonSchema } = require('../../tools/plan-schema.cjs') as {
  planJsonSchema(schema: object, entryPoints: readonly object[]): object;
};

const published = JSON.parse(fs.readFileSync(path.join(__dirname, '../../docs/plan.schema.json'), 'utf8')) as object;

describe('docs/plan.schema.json', () => {
  let validate: ValidateFunction;

  beforeAll(() => {
    validate = new Ajv2020({ allErrors: true }).compile(published);
  });

  function errorsOf(plan: unknown): unknown[] {
    validate(plan);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  }

  test('is what the schemas in the code say (else: npm run schema)', () => {
    expect(planJsonSchema(planSchema, [goldsmith, docker, sandbox, qemu, nullPlatform, aws])).toEqual(published);
  });

  test('takes a plan with all kinds of nodes and of late values', () => {
    expect(errorsOf(plan())).toEqual([]);
  });

  test.each<[string, (plan: Plan) => void]>([
    ['a node of an unknown kind', (plan) => Object.assign(plan.nodes[0]!, { kind: 'dance' })],
    ['an unknown key', (plan) => Object.assign(plan, { colour: 'blue' })],
    ['a digest that is none', (plan) => Object.assign(plan.nodes[0]!, { digest: 'abc' })],
    [
      'a config with a prop that its extension does not know',
      (plan) => Object.assign(shellOf(plan), { inlin: ['true'] }),
    ],
    ['a config with a prop of the wrong type', (plan) => Object.assign(shellOf(plan), { inline: 'true' })],
    ['a late value that is none', (plan) => Object.assign(shellOf(plan), { inline: [{ $later: 1 }] })],
  ])('refuses %s', (_what, damage) => {
    const damaged = structuredClone(plan());
    damage(damaged);
    expect(errorsOf(damaged)).not.toEqual([]);
  });
});

function plan(): Plan {
  const app = new App('schema', { baseDir: __dirname, variables: {} });
  const core = new Image(app, 'Core', { maxAge: '7d' });
  new docker.DockerSource(core, 'Docker', { base: 'debian:bookworm', changes: ['EXPOSE 80'] });
  new sandbox.SandboxSource(core, 'Sandbox', { base: sandbox.SandboxBase.minimal() });
  new ShellProvisioner(core, 'Step', {
    inline: ['true', text`date ${timestamp()}`],
    env: { TOKEN: Secret.fromEnv('TOKEN') },
    timeout: '5m',
    maxRetries: 2,
  });
  const web = new Image(app, 'Web', { from: core });
  new ShellProvisioner(web, 'Step', { script: path.basename(__filename) });
  new Verification(web, 'Serves', { commands: ['true'], files: [{ path: '/etc/passwd' }] });
  new ManifestPostProcessor(web, 'Manifest', { output: 'manifest.json', inputs: 'all' });
  return app.synth();
}

function shellOf(plan: Plan): object {
  const step = plan.nodes.flatMap((node) => (node.kind === 'build' ? node.provisioners : []))[0];
  return step!.config;
}
