import type { CloudRequest, CloudResponse } from '../cloud';
import { OwnComputer } from '../machines/own-computer';
import { addHost, Host } from './ec2/host';
import { fixedId } from './ids';
import type { Caller } from './table';
import type { Instance } from './types';
import type { World } from './world';

/**
 * The machine that the rehearsal runs on, as an instance: what builds where it runs (amazon-chroot) finds itself by the metadata service.
 * It is in the region that was called last, for a build asks for its account before it asks for itself.
 */
export function metadata(world: World, { method, url }: CloudRequest): CloudResponse {
  const text = { 'content-type': 'text/plain' };
  if (method === 'PUT' && url === '/latest/api/token') return { status: 200, headers: text, body: 'rehearsal' };
  const caller = world.lastCaller;
  if (method !== 'GET' || url !== '/latest/dynamic/instance-identity/document' || !caller) {
    return { status: 404, headers: text, body: 'Not Found' };
  }
  const { id, region, zone, account, type, image } = thisMachine(world, caller);
  const document = {
    accountId: account,
    architecture: image.architecture,
    availabilityZone: zone,
    imageId: image.id,
    instanceId: id,
    instanceType: type,
    region,
  };
  return { status: 200, headers: text, body: JSON.stringify(document) };
}

function thisMachine(world: World, caller: Caller): Instance {
  const id = fixedId('i', `this machine in ${caller.region}`);
  const known = world.instances.find(id);
  if (known) return known;
  const [subnet] = world.subnets.of(caller);
  const [image] = world.images.in(caller.region);
  const instance: Instance = {
    ...caller,
    id,
    createdAt: world.pace.now(),
    tags: new Map([['Name', 'the machine of the rehearsal']]),
    visibleAt: 0,
    state: 'running',
    stateReason: undefined,
    transition: '',
    image: image!,
    type: 'm5.large',
    keyName: undefined,
    publicKey: undefined,
    subnet: subnet!.id,
    vpc: subnet!.vpc,
    zone: subnet!.zone,
    groups: [],
    address: '127.0.0.1',
    hasPublicAddress: false,
    userData: undefined,
    profile: undefined,
    metadata: { tokens: 'required', endpoint: 'enabled', hops: 1, tags: 'disabled' },
    shutdownBehavior: 'stop',
    spotRequest: undefined,
    reservation: fixedId('r', id),
    interfaceId: fixedId('eni', id),
    ebsOptimized: true,
    token: undefined,
    launchIndex: 0,
    enaSupport: true,
    sriovNetSupport: undefined,
    // It does not end by a call.
    protected: true,
    work: Promise.resolve(),
  };
  const host = new Host(world, instance);
  host.adopt(new OwnComputer());
  addHost(world, id, host);
  return world.instances.add(instance);
}
