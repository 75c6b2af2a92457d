import { client, type Reply } from './client';
import { rehearse } from './context';

/** The codes of a number of calls, in order; those whose answer was lost are `lost`. */
async function codes(
  seed: string,
  trouble: Record<string, number>,
  calls = 30,
): Promise<readonly (string | undefined)[]> {
  const rehearsal = await rehearse({ machines: false, seed, trouble });
  try {
    const ec2 = client(rehearsal.endpoints['aws']!);
    const seen: (string | undefined)[] = [];
    for (let call = 0; call < calls; call++) {
      const reply = await ec2('CreateSecurityGroup', { GroupName: `g${call}`, GroupDescription: 'd' }).catch(
        (): Pick<Reply, 'code'> => ({ code: 'lost' }),
      );
      seen.push(reply.code);
    }
    return seen;
  } finally {
    await rehearsal.close();
  }
}

test('the same seed brings the same trouble at the same calls, another seed other trouble', async () => {
  const trouble = { throttling: 0.2, serverErrors: 0.2 };
  const first = await codes('one', trouble);
  expect(new Set(first)).toEqual(new Set([undefined, 'RequestLimitExceeded', 'InternalError']));
  expect(await codes('one', trouble)).toEqual(first);
  expect(await codes('two', trouble)).not.toEqual(first);
});

test('a lost response is of a call that did its work', async () => {
  const rehearsal = await rehearse({ machines: false, trouble: { lostResponses: 1 } });
  try {
    const ec2 = client(rehearsal.endpoints['aws']!);
    await expect(ec2('CreateSecurityGroup', { GroupName: 'g', GroupDescription: 'd' })).rejects.toThrow();
    expect(rehearsal.inventory()).toMatchObject([{ kind: 'security group', detail: 'g' }]);
  } finally {
    await rehearsal.close();
  }
});

test('a quota is held, and capacity may lack', async () => {
  const rehearsal = await rehearse({ machines: false, quotas: { vcpus: 1 }, trouble: { insufficientCapacity: 1 } });
  try {
    const ec2 = client(rehearsal.endpoints['aws']!);
    const reply = await ec2('DescribeImages', {
      'Owner.1': '099720109477',
      'Filter.1.Name': 'architecture',
      'Filter.1.Value.1': 'x86_64',
    });
    const image = /ami-[0-9a-f]{17}/.exec(JSON.stringify(reply.data))![0];
    const params = { ImageId: image, MinCount: 1, MaxCount: 1 };
    expect((await ec2('RunInstances', { ...params, InstanceType: 't3.micro' })).code).toBe('VcpuLimitExceeded');
    expect((await ec2('RunInstances', { ...params, InstanceType: 't2.micro' })).code).toBe(
      'InsufficientInstanceCapacity',
    );
    expect(rehearsal.inventory()).toEqual([]);
  } finally {
    await rehearsal.close();
  }
});
