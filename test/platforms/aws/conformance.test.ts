import { Api } from '../../../lib/platforms/aws/api/api';
import { amazonEbs } from '../../../lib/platforms/aws/amazon-ebs-extension';
import { openRehearsal, type Rehearsal } from '../../../lib/rehearsal';
import { describeDriver } from '../../../lib/testing';
import { describeIf } from '../../helpers/requires';
import { isRoot } from '../sandbox/able';

const BASE = 'ami-0c0ffee0c0ffee000';

// Instances of the rehearsal are sandboxes, which really start.
describeIf(isRoot, 'root on Linux is needed for machines', 'the conformance of AWS', () => {
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    rehearsal = await openRehearsal({ images: { [BASE]: 'minimal' }, speed: 1000, seed: 'conformance' });
  });
  afterAll(() => rehearsal.close());

  describeDriver('amazon-ebs', () => ({
    extension: amazonEbs,
    config: {
      region: 'eu-west-1',
      instanceType: 't3.small',
      accessKey: 'GOLDSMITHREHEARSAL',
      secretKey: 'rehearsal',
      communicator: { type: 'ssh', username: 'ubuntu' },
    },
    base: { imageId: BASE, region: 'eu-west-1' },
    env: rehearsal.environment,
    secrets: ['rehearsal'],
    places: 3,
    remains: async () => {
      await rehearsal.settle();
      const there = rehearsal.inventory().filter(({ deletedAt }) => deletedAt === undefined);
      return there.map(({ kind, id }) => `${kind} ${id}`);
    },
    intercept(before) {
      const real = Reflect.get(Api.prototype, 'call') as (...args: unknown[]) => Promise<never>;
      Api.prototype.call = async function (this: unknown, name: string, ...rest: unknown[]) {
        await before(name);
        return real.call(this, name, ...rest);
      };
      return () => {
        Api.prototype.call = real as never;
      };
    },
  }));
});
