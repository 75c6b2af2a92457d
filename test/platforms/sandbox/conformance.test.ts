import * as fs from 'node:fs';
import * as path from 'node:path';
import { sandbox } from '../../../lib/platforms/sandbox';
import { SandboxMachine } from '../../../lib/platforms/sandbox/machine/machine';
import { Store } from '../../../lib/platforms/sandbox/store/store';
import { describeDriver } from '../../../lib/testing';
import { describeIf } from '../../helpers/requires';
import { isRoot, mountsWith, processesWith } from './able';
import { makeProject } from './helpers';

type Method = (...args: unknown[]) => Promise<unknown>;

describeIf(isRoot, 'it needs Linux and root', 'the conformance of the sandbox', () => {
  let dir: string;
  beforeAll(async () => (dir = await makeProject()));
  afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

  const inFolder = (name: string): string[] => {
    const folder = path.join(dir, 'sandbox', name);
    return fs.existsSync(folder) ? fs.readdirSync(folder).map((entry) => `${name}/${entry}`) : [];
  };

  describeDriver('sandbox', () => ({
    extension: sandbox,
    config: { network: 'none', login: { username: 'ada', password: 'planted-l0velace' } },
    base: { kind: 'minimal', commands: [] },
    env: process.env,
    stateDir: dir,
    secrets: ['planted-l0velace'],
    places: 12,
    remains: () =>
      Promise.resolve([...inFolder('machines'), ...inFolder('layers'), ...processesWith(dir), ...mountsWith(dir)]),
    intercept(before) {
      const methods: [Record<string, Method>, string][] = [
        ...['prepare', 'start', 'freeze', 'settle'].map((name): [Record<string, Method>, string] => [
          SandboxMachine.prototype as unknown as Record<string, Method>,
          name,
        ]),
        ...['addBlob', 'remember'].map((name): [Record<string, Method>, string] => [
          Store.prototype as unknown as Record<string, Method>,
          name,
        ]),
      ];
      const real = methods.map(([prototype, name]) => prototype[name]!);
      for (const [index, [prototype, name]] of methods.entries()) {
        prototype[name] = async function (this: unknown, ...args) {
          await before(name);
          return real[index]!.apply(this, args);
        };
      }
      return () => methods.forEach(([prototype, name], index) => (prototype[name] = real[index]!));
    },
  }));
});
