import type { Body, Call } from '../call';
import { AwsError } from '../errors';
import { filtered, paged } from '../filters';
import type { Facts } from '../filters';
import { STATES, type Instance, type State } from '../types';
import type { World } from '../world';
import { TAKES } from './durations';
import { hostOf } from './host';
import { typeOf } from './instance-types';
import { instanceView, reservationView, stateView } from './instance-view';
import { reboot, start, stop, terminate } from './lifecycle';

const FACTS: Facts<Instance> = {
  'instance-id': ({ id }) => id,
  'instance-state-name': ({ state }) => state,
  'instance-state-code': ({ state }) => STATES[state],
  'instance-type': ({ type }) => type,
  'image-id': ({ image }) => image.id,
  'key-name': ({ keyName }) => keyName,
  'availability-zone': ({ zone }) => zone,
  'subnet-id': ({ subnet }) => subnet,
  'vpc-id': ({ vpc }) => vpc,
  'client-token': ({ token }) => token,
  'ip-address': ({ hasPublicAddress, address }) => (hasPublicAddress ? address : undefined),
  'private-ip-address': ({ address }) => address,
  'instance-lifecycle': ({ spotRequest }) => (spotRequest === undefined ? undefined : 'spot'),
  'spot-instance-request-id': ({ spotRequest }) => spotRequest,
  'reservation-id': ({ reservation }) => reservation,
  'owner-id': ({ account }) => account,
  'instance.group-id': ({ groups }) => groups,
  'group-id': ({ groups }) => groups,
  architecture: ({ image }) => image.architecture,
};

/** DescribeInstances. */
export function describe(call: Call): Body {
  const { page, nextToken } = paged(call, filtered(call, chosen(call), FACTS));
  return {
    reservationSet: [...grouped(page).values()].map((instances) => reservationView(call, instances)),
    nextToken,
  };
}

function grouped(instances: readonly Instance[]): Map<string, Instance[]> {
  const groups = new Map<string, Instance[]>();
  for (const one of instances) groups.set(one.reservation, [...(groups.get(one.reservation) ?? []), one]);
  return groups;
}

/** DescribeInstanceStatus: of those that run, unless all are asked for. */
export function describeStatus(call: Call): Body {
  const all = call.params.flag('IncludeAllInstances') === true;
  const rows = chosen(call).filter(({ state }) => all || state === 'running');
  const { page, nextToken } = paged(call, filtered(call, rows, FACTS));
  return {
    instanceStatusSet: page.map((one) => {
      const status =
        one.state === 'running' ? (hostOf(call.world, one).ready ? 'ok' : 'initializing') : 'not-applicable';
      const detail = { status, details: [{ name: 'reachability', status: status === 'ok' ? 'passed' : status }] };
      return {
        instanceId: one.id,
        availabilityZone: one.zone,
        instanceState: stateView(one.state),
        instanceStatus: detail,
        systemStatus: detail,
      };
    }),
    nextToken,
  };
}

/** Those that are named, or all; terminated ones are forgotten after a while. */
function chosen(call: Call): readonly Instance[] {
  const { world, params } = call;
  forgetOld(world);
  const ids = params.list('InstanceId');
  return ids.length > 0 ? namedBy(call) : world.instances.of(call);
}

function forgetOld(world: World): void {
  for (const { id, endedAt } of world.instances.all()) {
    if (endedAt !== undefined && world.pace.now() - endedAt > TAKES.remembered) world.instances.delete(id);
  }
}

function namedBy(call: Call): readonly Instance[] {
  const ids = call.params.list('InstanceId');
  if (ids.length === 0) throw new AwsError('MissingParameter', 'The request must contain the parameter InstanceId');
  return ids.map((id) => call.world.instances.get(call, id));
}

/** StartInstances, StopInstances and TerminateInstances: of several, all or none. */
function changing(check: (one: Instance) => void, change: (world: World, one: Instance) => State) {
  return (call: Call): Body => {
    const instances = namedBy(call);
    for (const one of instances) check(one);
    return {
      instancesSet: instances.map((one) => {
        const before = change(call.world, one);
        return { instanceId: one.id, currentState: stateView(one.state), previousState: stateView(before) };
      }),
    };
  };
}

/** StartInstances. */
export const startAll = changing((one) => mustBe(one, ['stopped', 'running', 'pending'], 'started'), start);
/** StopInstances. */
export const stopAll = changing((one) => {
  mustBe(one, ['running', 'pending', 'stopping', 'stopped'], 'stopped');
  if (one.spotRequest !== undefined) {
    throw new AwsError(
      'UnsupportedOperation',
      `You can't stop the Spot Instance '${one.id}' because it is associated with a one-time Spot Instance request.`,
    );
  }
}, stop);
/** TerminateInstances. */
export const terminateAll = changing(
  (one) => {
    if (!one.protected) return;
    throw new AwsError(
      'OperationNotPermitted',
      `The instance '${one.id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
    );
  },
  (world, one) => terminate(world, one),
);

/** RebootInstances. */
export function rebootAll(call: Call): Body {
  const instances = namedBy(call);
  for (const one of instances) mustBe(one, ['running'], 'rebooted');
  for (const one of instances) reboot(call.world, one);
  return { return: true };
}

function mustBe(instance: Instance, states: readonly State[], done: string): void {
  if (states.includes(instance.state)) return;
  throw new AwsError(
    'IncorrectInstanceState',
    `The instance '${instance.id}' is not in a state from which it can be ${done}: it is ${instance.state}.`,
  );
}

/** ModifyInstanceAttribute. */
export function modify(call: Call): Body {
  const { world, params } = call;
  const instance = world.instances.get(call, params.need('InstanceId'));
  const attribute = params.text('Attribute');
  const value = (name: string): string | undefined =>
    params.struct(name).text('Value') ??
    (attribute?.toLowerCase() === name.toLowerCase() ? params.text('Value') : undefined);
  const mustStop = ['InstanceType', 'EnaSupport', 'SriovNetSupport', 'UserData', 'EbsOptimized'].filter(
    (name) => value(name) !== undefined,
  );
  if (mustStop.length > 0 && instance.state !== 'stopped') {
    throw new AwsError('IncorrectInstanceState', `The instance '${instance.id}' is not in the 'stopped' state.`);
  }
  const type = value('InstanceType');
  if (type !== undefined) instance.type = typeOf(type).name;
  const ena = value('EnaSupport');
  if (ena !== undefined) instance.enaSupport = ena === 'true';
  instance.sriovNetSupport = value('SriovNetSupport') ?? instance.sriovNetSupport;
  const guarded = value('DisableApiTermination');
  if (guarded !== undefined) instance.protected = guarded === 'true';
  const groups = params.list('GroupId');
  if (groups.length > 0) instance.groups = groups.map((id) => world.groups.get(call, id).id);
  for (const mapping of params.structs('BlockDeviceMapping')) {
    const device = mapping.need('DeviceName');
    const volume = world.volumes
      .all()
      .find(({ attachment }) => attachment?.instance === instance.id && attachment.device === device);
    if (!volume?.attachment)
      throw new AwsError('InvalidInstanceAttributeValue', `No device is currently mapped at ${device}`);
    volume.attachment.deleteOnTermination =
      mapping.struct('Ebs').flag('DeleteOnTermination') ?? volume.attachment.deleteOnTermination;
  }
  return { return: true };
}

/** DescribeInstanceAttribute. */
export function describeAttribute(call: Call): Body {
  const { world, params } = call;
  const instance = world.instances.get(call, params.need('InstanceId'));
  const attribute = params.need('Attribute');
  const values: Readonly<Record<string, string | boolean | undefined>> = {
    instanceType: instance.type,
    disableApiTermination: instance.protected,
    enaSupport: instance.enaSupport,
    sriovNetSupport: instance.sriovNetSupport,
    ebsOptimized: instance.ebsOptimized,
    instanceInitiatedShutdownBehavior: instance.shutdownBehavior,
    rootDeviceName: instance.image.rootDevice,
    userData: instance.userData,
    sourceDestCheck: true,
    disableApiStop: false,
  };
  if (attribute === 'groupSet')
    return { instanceId: instance.id, groupSet: instance.groups.map((groupId) => ({ groupId, groupName: groupId })) };
  if (attribute === 'blockDeviceMapping') {
    return { instanceId: instance.id, blockDeviceMapping: instanceView(world, instance)['blockDeviceMapping'] };
  }
  if (!Object.hasOwn(values, attribute)) {
    throw new AwsError(
      'InvalidParameterValue',
      `Value (${attribute}) for parameter attribute is invalid. Unknown attribute.`,
    );
  }
  return { instanceId: instance.id, [attribute]: { value: values[attribute] } };
}

/** GetConsoleOutput. */
export function consoleOutput(call: Call): Body {
  const instance = call.world.instances.get(call, call.params.need('InstanceId'));
  const text = hostOf(call.world, instance).console;
  return { instanceId: instance.id, timestamp: new Date(call.now), output: Buffer.from(text).toString('base64') };
}

/** GetPasswordData: empty for what is not Windows, until Windows has made it, and where it came with the image. */
export function passwordData(call: Call): Body {
  const instance = call.world.instances.get(call, call.params.need('InstanceId'));
  const isThere = instance.image.platform === 'windows' && instance.state !== 'terminated';
  const host = isThere ? hostOf(call.world, instance) : undefined;
  const passwordData = host?.hasPassword === true ? (host.windows?.encrypted(instance.publicKey) ?? '') : '';
  return { instanceId: instance.id, timestamp: new Date(call.now), passwordData };
}
