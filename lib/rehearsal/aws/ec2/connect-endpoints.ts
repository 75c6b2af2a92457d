import * as net from 'node:net';
import type { WebSocket } from 'ws';
import type { Body, Call } from '../call';
import { filtered, paged } from '../filters';
import { tagSet, tagsFor } from '../tags';
import type { ConnectEndpoint } from '../types';
import type { World } from '../world';
import { hostOf } from './host';

/** CreateInstanceConnectEndpoint. */
export function create(call: Call): Body {
  const { world, params } = call;
  const subnet = world.subnets.get(call, params.need('SubnetId'));
  const groups = params.list('SecurityGroupId').map((id) => world.groups.get(call, id).id);
  const endpoint: ConnectEndpoint = {
    ...world.entity(call, 'eice', tagsFor(params, 'instance-connect-endpoint')),
    subnet: subnet.id,
    vpc: subnet.vpc,
    zone: subnet.zone,
    groups,
    dnsName: call.at,
  };
  world.connectEndpoints.add(endpoint);
  world.inventory.created({
    cloud: 'aws',
    kind: 'connect endpoint',
    id: endpoint.id,
    region: call.region,
    detail: subnet.id,
    createdAt: call.now,
    lasts: false,
  });
  return { instanceConnectEndpoint: view(endpoint) };
}

/** DescribeInstanceConnectEndpoints. */
export function describe(call: Call): Body {
  const { world, params } = call;
  const ids = params.list('InstanceConnectEndpointId');
  const chosen =
    ids.length > 0 ? ids.map((id) => world.connectEndpoints.get(call, id)) : world.connectEndpoints.of(call);
  const found = filtered(call, chosen, {
    'instance-connect-endpoint-id': ({ id }) => id,
    state: () => 'create-complete',
    'subnet-id': ({ subnet }) => subnet,
    'vpc-id': ({ vpc }) => vpc,
  });
  const { page, nextToken } = paged(call, found);
  return { instanceConnectEndpointSet: page.map(view), nextToken };
}

/** DeleteInstanceConnectEndpoint. */
export function remove(call: Call): Body {
  const endpoint = call.world.connectEndpoints.get(call, call.params.need('InstanceConnectEndpointId'));
  call.world.connectEndpoints.delete(endpoint.id);
  call.world.inventory.deleted(endpoint.id, call.now);
  return { instanceConnectEndpoint: { ...view(endpoint), state: 'delete-in-progress' } };
}

/** Serves a tunnel of an endpoint: it comes in by the network, so security groups count. Undefined where the address is of none. */
export function tunnel(world: World, url: string): ((socket: WebSocket) => void) | undefined {
  const { pathname, searchParams: query } = new URL(url, 'http://localhost');
  const endpoint = world.connectEndpoints.find(query.get('instanceConnectEndpointId') ?? undefined);
  const isSigned = query.has('X-Amz-Credential') && query.has('X-Amz-Signature');
  const port = Number(query.get('remotePort'));
  const address = query.get('privateIpAddress');
  const instance = world.instances.all().find((one) => one.address === address && one.vpc === endpoint?.vpc);
  if (pathname !== '/openTunnel' || !isSigned || instance?.state !== 'running') return undefined;
  // Where port 22 may not be bound, the instance answers at another.
  const local = port === 22 ? (hostOf(world, instance).front?.port ?? port) : port;
  return (socket) => {
    const { createWebSocketStream } = require('ws') as typeof import('ws');
    const stream = createWebSocketStream(socket);
    const end = net.connect({ host: instance.address, port: local });
    stream.on('error', () => end.destroy());
    end.on('error', () => socket.close());
    end.pipe(stream).pipe(end);
  };
}

function view({ id, account, region, dnsName, subnet, vpc, zone, groups, tags, createdAt }: ConnectEndpoint): Body {
  return {
    ownerId: account,
    instanceConnectEndpointId: id,
    instanceConnectEndpointArn: `arn:aws:ec2:${region}:${account}:instance-connect-endpoint/${id}`,
    state: 'create-complete',
    dnsName,
    networkInterfaceIdSet: [],
    vpcId: vpc,
    availabilityZone: zone,
    createdAt: new Date(createdAt),
    subnetId: subnet,
    preserveClientIp: false,
    securityGroupIdSet: [...groups],
    tagSet: tagSet(tags),
  };
}
