import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { send } from '../client';
import type { ApiCall } from './call';
import { FAULTS, faultOf } from './faults';
import { startProxy, type AwsProxy, type ProxyProps } from './proxy';
import { describeWithSpecs } from './specs';

const REGIONS = (inner: string): string =>
  `<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId>${inner}</DescribeRegionsResponse>`;

describe('a proxy in front of AWS', () => {
  let server: http.Server;
  let answer: { status: number; body: string };
  let arrived: string[];
  const proxies: AwsProxy[] = [];

  beforeEach(async () => {
    answer = { status: 200, body: REGIONS('<regionInfo><item><regionName>eu-west-1</regionName></item></regionInfo>') };
    arrived = [];
    server = http.createServer((request, response) => {
      arrived.push(`${request.method} ${request.headers.host}`);
      request.resume().on('end', () => {
        response.writeHead(answer.status, { 'content-type': 'text/xml' });
        response.end(answer.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  async function proxyOf(props: Omit<ProxyProps, 'target'> = {}): Promise<AwsProxy> {
    const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const proxy = await startProxy({ target, ...props });
    proxies.push(proxy);
    return proxy;
  }

  const regions = (proxy: AwsProxy, params = {}) => send(proxy.url, 'ec2', 'DescribeRegions', params);

  test('lets through what is as the model says, and counts it', async () => {
    const proxy = await proxyOf();
    expect(await regions(proxy)).toEqual({ status: 200, body: answer.body });
    await regions(proxy, { 'RegionName.1': 'eu-west-1' });
    expect(proxy.counts()).toEqual({ DescribeRegions: 2 });
    expect(proxy.passed[0]).toMatchObject({ service: 'ec2', region: 'us-east-1', accessKey: 'GOLDSMITHREHEARSAL' });
    expect([...proxy.problems('request'), ...proxy.problems('response')]).toEqual([]);
    // The host is part of what is signed.
    expect(arrived).toEqual(Array(2).fill(`POST ${new URL(proxy.url).host}`));
    proxy.forget();
    expect(proxy.counts()).toEqual({});
  });

  describeWithSpecs('with the models', () => {
    test('says what is not as the model says, and lets it through', async () => {
      const proxy = await proxyOf();
      answer.body = REGIONS('<regions/>');
      expect(await regions(proxy, { Names: 'eu-west-1' })).toEqual({ status: 200, body: answer.body });
      answer = { status: 400, body: '<Error/>' };
      await regions(proxy);
      expect(proxy.problems('request')).toEqual(['DescribeRegions.request.Names: not in the model']);
      expect(proxy.problems('response')).toEqual([
        'DescribeRegions.response.regions: not in the model',
        ...['Code', 'Message'].map((name) => `DescribeRegions.error: <Response/Errors/Error/${name}> is not there`),
        'DescribeRegions.error: <Response/RequestID> is not there',
      ]);
    });
  });

  test('holds calls up for as long as it is told', async () => {
    const proxy = await proxyOf({ delay: ({ action }) => (action === 'DescribeRegions' ? 120 : 0) });
    const start = Date.now();
    await regions(proxy);
    expect(Date.now() - start).toBeGreaterThanOrEqual(115);
  });

  test('refuses, fails, loses the answer', async () => {
    const throttled = await proxyOf({ faults: { seed: 1, throttle: 1 } });
    expect(await regions(throttled)).toMatchObject({
      status: 503,
      body: expect.stringContaining('RequestLimitExceeded'),
    });
    const failing = await proxyOf({ faults: { seed: 1, serverError: 1 } });
    expect(await regions(failing)).toMatchObject({ status: 500, body: expect.stringContaining('InternalError') });
    expect(arrived).toEqual([]);
    const losing = await proxyOf({ faults: { seed: 1, lost: 1 } });
    await expect(regions(losing)).rejects.toThrow('fetch failed');
    expect(arrived).toHaveLength(1);
    expect([throttled, failing, losing].map(({ passed }) => passed[0]!)).toMatchObject([
      { status: 503, code: 'RequestLimitExceeded', fault: 'throttle' },
      { status: 500, code: 'InternalError', fault: 'serverError' },
      { status: 0, fault: 'lost' },
    ]);
    expect([throttled, failing].flatMap((proxy) => proxy.problems('response'))).toEqual([]);
    expect(await send(throttled.url, 'ssm', 'GetParameter', { Name: 'a' })).toMatchObject({ status: 400 });
    expect(await send(throttled.url, 'sts', 'GetCallerIdentity', {})).toMatchObject({ status: 400 });
    expect(throttled.problems('response')).toEqual([]);
  });
});

test('faults are those of the seed, about as often as was said', () => {
  const call: ApiCall = { service: 'ec2', region: 'a', accessKey: 'b', action: 'RunInstances', body: '' };
  const faults = { seed: 7, throttle: 0.1, serverError: 0.05, lost: 0.05, slow: 0.1 };
  const fates = (seed: number) => Array.from({ length: 4000 }, (_, n) => faultOf({ ...faults, seed }, call, n));
  const first = fates(7);
  expect(fates(7)).toEqual(first);
  expect(fates(8)).not.toEqual(first);
  const share = (fault: string | undefined) => first.filter((fate) => fate === fault).length / first.length;
  for (const fault of FAULTS) expect(Math.abs(share(fault) - faults[fault])).toBeLessThan(0.02);
  expect(Math.abs(share(undefined) - 0.7)).toBeLessThan(0.03);
  expect(faultOf({ ...faults, throttle: 1, only: () => false }, call, 1)).toBeUndefined();
});
