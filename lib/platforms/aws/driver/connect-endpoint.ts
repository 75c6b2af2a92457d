import type { Instance } from '@aws-sdk/client-ec2';
import { AgentStream } from '../../../communicators/session-manager/agent-stream';
import { GoldsmithError } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import type { Api } from '../api/api';

/** Seconds that a signed address is good for, and that a tunnel lasts at most: aws-cli's `opentunnel.py`. */
const GOOD_FOR = 60;
const LASTS = 3600;

/** Opens connections to an instance's private address through an EC2 Instance Connect Endpoint: a web socket for each. */
export async function endpointDial(
  api: Api,
  endpoint: string,
  instance: Instance,
  port: number,
  ctx: RunContext,
): Promise<(signal: AbortSignal) => Promise<AgentStream>> {
  const asked = { InstanceConnectEndpointIds: [endpoint] };
  const { InstanceConnectEndpoints = [] } = await api.call('ec2:DescribeInstanceConnectEndpoints', asked, ctx.signal);
  const [found] = InstanceConnectEndpoints;
  if (found?.DnsName === undefined) {
    throw new GoldsmithError('CONNECT_FAILED', `the EC2 Instance Connect Endpoint ${endpoint} has no address`, {
      hint: 'is it `create-complete`? `aws ec2 describe-instance-connect-endpoints` says so',
    });
  }
  const query = new URLSearchParams({
    instanceConnectEndpointId: endpoint,
    maxTunnelDuration: String(LASTS),
    privateIpAddress: instance.PrivateIpAddress!,
    remotePort: String(port),
  });
  const url = `${api.isPlain ? 'http' : 'https'}://${found.DnsName}/openTunnel?${query.toString()}`;
  return async (signal) => {
    const signed = await api.signedUrl(url, 'ec2-instance-connect', GOOD_FOR);
    const { openWebSocket } =
      require('../../../communicators/session-manager/web-socket') as typeof import('../../../communicators/session-manager/web-socket');
    const socket = await openWebSocket(signed.replace(/^http/, 'ws'), { insecure: api.isInsecure });
    if (signal.aborted) {
      socket.terminate();
      throw signal.reason as Error;
    }
    const stream = new AgentStream(
      {
        send: (data) =>
          new Promise((resolve, reject) => socket.send(data, (error) => (error ? reject(error) : resolve()))),
        finish: () => {
          socket.close();
          return Promise.resolve();
        },
        wanted: () => socket.resume(),
        gone: () => socket.terminate(),
      },
      32_768,
    );
    // Whoever takes it hears of its end; until then nobody does.
    stream.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      if (!stream.receive(data)) socket.pause();
    });
    socket.on('error', (error) => stream.destroy(error));
    socket.once('close', () => stream.receive(null));
    return stream;
  };
}
