import { docker } from '../../../lib/platforms/docker';
import { Client } from '../../../lib/platforms/docker/client';
import { describeDriver } from '../../../lib/testing';
import { describeIf } from '../../helpers/requires';
import { hasEngine, NO_ENGINE } from '../../helpers/docker';
import { Base } from './fixture';

describeIf(hasEngine, NO_ENGINE, 'the conformance of Docker', () => {
  let base: Base;
  beforeAll(async () => {
    base = await Base.make(['VOLUME /data']);
  });
  afterAll(() => base.remove());

  // Another run of these tests may use the same engine: what counts is what runs of this process have made.
  const filters = JSON.stringify({ label: ['dev.goldsmith.node=Conformance/Subject'] });
  const names = async (path: string): Promise<string[]> => {
    const query = { all: true, filters };
    const found = await base.engine.client.json<{ Id: string; Labels: Record<string, string> }[]>('GET', path, {
      query,
    });
    const mine = found.filter(({ Labels }) => Labels['dev.goldsmith.run']!.startsWith(`conformance-${process.pid}-`));
    return mine.map(({ Id }) => `${path} ${Id}`);
  };

  describeDriver('docker', () => ({
    extension: docker,
    config: { network: 'none', message: 'why', loginUsername: 'ada', loginPassword: 'planted-l0velace' },
    base: { image: base.name, id: base.id },
    env: process.env,
    secrets: ['planted-l0velace'],
    places: 12,
    remains: async () => [...(await names('/containers/json')), ...(await names('/images/json'))],
    intercept(before) {
      const client = Client.prototype as unknown as {
        dial(method: string, path: string, ...rest: unknown[]): Promise<unknown>;
      };
      const real = client.dial;
      client.dial = async function (this: unknown, method, path, ...rest) {
        if (!path.startsWith('/_ping')) await before(`${method} ${path}`);
        return real.call(this as never, method, path, ...rest);
      };
      return () => {
        client.dial = real;
      };
    },
  }));
});
