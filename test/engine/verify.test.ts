import type { Construct } from 'constructs';
import { z } from 'zod';
import { App, Image } from '../../lib';
import { VerificationBase, type VerificationBaseProps } from '../../lib/core/verification-base';
import { Secret } from '../../lib/core/secret';
import { GoldsmithError } from '../../lib/errors';
import type { CheckResult } from '../../lib/extension/check';
import type { ProvisionContext } from '../../lib/extension/context';
import type { Communicator } from '../../lib/extension/communicator';
import type { ProvisionerExtension } from '../../lib/extension/provisioner';
import { text } from '../../lib/extension/props';
import { fakePlatform } from '../../lib/testing';
import { Step } from '../helpers/extensions';
import { build, testApp } from '../helpers/lab';

type Body = (machine: Communicator, ctx: ProvisionContext) => Promise<void>;

/** A verification that does what the test says. */
class Look extends VerificationBase<VerificationBaseProps & { note?: unknown }> {
  constructor(scope: Construct, id: string, body: Body, more: Partial<ProvisionerExtension> = {}, note?: unknown) {
    const extension: ProvisionerExtension = {
      kind: 'provisioner',
      use: 'look',
      module: 'test-extensions',
      schema: z.strictObject({ note: text().optional() }),
      passive: true,
      run: (_config, machine, ctx) => body(machine, ctx),
      ...more,
    };
    super(scope, id, note === undefined ? {} : { note }, extension);
  }
}

function program(body: Body, more: Partial<ProvisionerExtension> = {}) {
  const app = testApp();
  const fake = fakePlatform();
  const core = new Image(app, 'Core');
  new fake.Source(core, 'Fake');
  new Step(core, 'Make', 'make');
  new Look(core, 'Look', body, more);
  return { app, fake };
}

const run = (machine: Communicator, command: string) => machine.exec(command, { signal: new AbortController().signal });

describe('a second machine', () => {
  test('boots the artifact once more, and goes when it is not needed any more', async () => {
    const seen: number[] = [];
    const { app, fake } = program(async (_machine, ctx) => {
      seen.push(fake.machines.length);
      for (const name of ['one', 'two'])
        await ctx.freshMachine!(async (fresh) => {
          seen.push(fake.machines.length);
          await run(fresh, name);
        });
      seen.push(fake.machines.length);
    });
    expect((await build(app)).report.ok).toBe(true);
    expect(seen).toEqual([1, 2, 2, 1]);
    expect(fake.calls.filter(({ verb }) => verb === 'launch').map(({ about }) => about.split(' ')[0])).toEqual([
      'base',
      'artifact',
      'artifact',
      'artifact',
    ]);
    const machines = fake.commands.map(({ machine, command }) => `${command} on ${machine}`);
    expect(new Set(machines).size).toBe(3);
    expect(fake.machines).toEqual([]);
  });

  test.each(['launch', 'connect'] as const)('leaves nothing where its %s fails', async (verb) => {
    const { app, fake } = program(async (_machine, ctx) => {
      fake.fail(verb, { phase: verb === 'launch' ? 'created' : 'before' });
      await ctx.freshMachine!(() => Promise.resolve());
    });
    expect((await build(app)).states['Core/Look/Fake']).toBe('failed');
    expect(fake.machines).toEqual([]);
  });

  test('leaves nothing where the run is cancelled, and where what it is for fails', async () => {
    const over = new AbortController();
    const { app, fake } = program(async (_machine, ctx) => {
      await ctx.freshMachine!(async () => {
        over.abort(new GoldsmithError('CANCELLED', 'enough'));
        ctx.signal.throwIfAborted();
        return Promise.resolve();
      });
    });
    expect((await build(app, { signal: over.signal })).states['Core/Look/Fake']).toBe('cancelled');
    expect(fake.machines).toEqual([]);
    const other = program((_machine, ctx) => ctx.freshMachine!(() => Promise.reject(new Error('oh no'))));
    expect((await build(other.app)).states['Core/Look/Fake']).toBe('failed');
    expect(other.fake.machines).toEqual([]);
  });

  test('that cannot be deleted is reported, and deleted by the next run', async () => {
    const { app, fake } = program(async (_machine, ctx) => {
      await ctx.freshMachine!(() => Promise.resolve(fake.leak()));
    });
    const { report } = await build(app);
    expect(report.left.map(({ why, node }) => `${why} ${node}`)).toEqual([
      'leaked Core/Look/Fake',
      'leaked Core/Look/Fake',
    ]);
    fake.heal();
    const again = new App('test', { baseDir: app.baseDir });
    new fake.Source(new Image(again, 'Other'), 'Fake');
    await build(again, { select: ['Other'] });
    expect(fake.machines).toEqual([]);
  });
});

describe('checks', () => {
  const passed: CheckResult = { name: 'one', state: 'passed', wrong: [] };
  const failed: CheckResult = { name: 'two', state: 'failed', wrong: ['is not as it should be'], output: 'log' };

  test('are told one by one, are in the report, and in that of a later run that finds them cached', async () => {
    const { app } = program((_machine, ctx) => Promise.resolve(ctx.check(passed)));
    const first = await build(app);
    expect(first.events.filter(({ type }) => type === 'check')).toMatchObject([
      { node: 'Core/Look/Fake', step: 'Core/Look/Fake', ...passed },
    ]);
    expect(first.node('Core/Look/Fake').checks).toEqual([passed]);
    const second = await build(app);
    expect(second.node('Core/Look/Fake')).toMatchObject({ state: 'cached', checks: [passed] });
  });

  test('are in the report also where one failed, and hide secrets', async () => {
    const app = testApp();
    const fake = fakePlatform();
    const core = new Image(app, 'Core');
    new fake.Source(core, 'Fake');
    const body: Body = (_machine, ctx) => {
      ctx.check(passed);
      ctx.check({ ...failed, wrong: ['shows hunter22'] });
      return Promise.reject(new GoldsmithError('VERIFICATION_FAILED', '1 of 2 checks failed'));
    };
    new Look(core, 'Look', body, {}, Secret.fromEnv('TOKEN'));
    const { node } = await build(app, { env: { TOKEN: 'hunter22' } });
    expect(node('Core/Look/Fake').checks).toEqual([
      passed,
      { ...failed, wrong: [expect.not.stringMatching('hunter22')] },
    ]);
  });
});

describe('preflight', () => {
  const problem = { code: 'MISSING_DEPENDENCY', message: 'no goss' } as const;

  test('of a verification fails the build before anything is launched', async () => {
    const { app, fake } = program(() => Promise.resolve(), { preflight: () => Promise.resolve([problem]) });
    const { node } = await build(app);
    expect(node('Core/Fake').error).toMatchObject({ ...problem, path: 'Core/Look/Fake' });
    expect(fake.count('launch')).toBe(0);
  });

  test('is not asked where the config has outputs of the very build', async () => {
    const app = testApp();
    const fake = fakePlatform();
    const core = new Image(app, 'Core');
    new fake.Source(core, 'Fake');
    const more = { preflight: () => Promise.resolve([problem]) };
    new Look(core, 'Look', () => Promise.resolve(), more, core.artifact('Fake').id);
    expect((await build(app)).report.ok).toBe(true);
  });
});
