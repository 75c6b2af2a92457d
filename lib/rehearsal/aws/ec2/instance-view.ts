import type { Body, Call } from '../call';
import type { Answer } from '../protocol/xml';
import { tagSet } from '../tags';
import { STATES, type Instance, type State } from '../types';
import type { World } from '../world';
import { typeOf } from './instance-types';

/** A reservation: the instances of one launch. */
export function reservationView({ world }: Call, instances: readonly Instance[]): Body {
  const [first] = instances;
  return {
    reservationId: first?.reservation,
    ownerId: first?.account,
    groupSet: [],
    instancesSet: instances.map((one) => instanceView(world, one)),
  };
}

/** A state as answers have it. */
export function stateView(state: State): Answer {
  return { code: STATES[state], name: state };
}

/** An instance as answers have it. What it has only while it runs is left out at other times. */
export function instanceView(world: World, instance: Instance): Body {
  const isGone = instance.state === 'terminated';
  const isOn = instance.state === 'running';
  const { image } = instance;
  // No name of Amazon's leads to this machine: where one is asked for, the address is given.
  const publicAddress = isOn && instance.hasPublicAddress ? instance.address : undefined;
  return {
    instanceId: instance.id,
    imageId: image.id,
    instanceState: stateView(instance.state),
    privateDnsName: isGone ? '' : instance.address,
    dnsName: publicAddress ?? '',
    reason: instance.transition,
    stateReason: instance.stateReason,
    keyName: instance.keyName,
    amiLaunchIndex: instance.launchIndex,
    productCodes: [],
    instanceType: instance.type,
    launchTime: new Date(instance.createdAt),
    placement: { availabilityZone: instance.zone, groupName: '', tenancy: 'default' },
    platform: image.platform,
    platformDetails: image.platform === 'windows' ? 'Windows' : 'Linux/UNIX',
    monitoring: { state: 'disabled' },
    ...(isGone ? {} : network(instance, publicAddress)),
    architecture: image.architecture,
    rootDeviceType: 'ebs',
    rootDeviceName: image.rootDevice,
    blockDeviceMapping: isGone ? [] : volumesOf(world, instance),
    virtualizationType: 'hvm',
    clientToken: instance.token ?? '',
    tagSet: tagSet(instance.tags),
    hypervisor: 'xen',
    ebsOptimized: instance.ebsOptimized,
    enaSupport: instance.enaSupport,
    sriovNetSupport: instance.sriovNetSupport,
    bootMode: image.bootMode,
    instanceLifecycle: instance.spotRequest === undefined ? undefined : 'spot',
    spotInstanceRequestId: instance.spotRequest,
    iamInstanceProfile:
      instance.profile === undefined
        ? undefined
        : {
            arn: `arn:aws:iam::${instance.account}:instance-profile/${instance.profile}`,
            id: `AIPA${instance.interfaceId.slice(4).toUpperCase()}`,
          },
    cpuOptions: { coreCount: Math.max(1, typeOf(instance.type).vcpus / 2), threadsPerCore: 2 },
    metadataOptions: {
      state: 'applied',
      httpTokens: instance.metadata.tokens,
      httpPutResponseHopLimit: instance.metadata.hops,
      httpEndpoint: instance.metadata.endpoint,
      httpProtocolIpv6: 'disabled',
      instanceMetadataTags: instance.metadata.tags,
    },
  };
}

function network(instance: Instance, publicAddress: string | undefined): Body {
  const groups = instance.groups.map((groupId) => ({ groupId, groupName: groupId }));
  const association =
    publicAddress === undefined
      ? undefined
      : { publicIp: publicAddress, publicDnsName: publicAddress, ipOwnerId: 'amazon' };
  return {
    privateIpAddress: instance.address,
    ipAddress: publicAddress,
    subnetId: instance.subnet,
    vpcId: instance.vpc,
    sourceDestCheck: true,
    groupSet: groups,
    networkInterfaceSet: [
      {
        networkInterfaceId: instance.interfaceId,
        subnetId: instance.subnet,
        vpcId: instance.vpc,
        ownerId: instance.account,
        status: 'in-use',
        privateIpAddress: instance.address,
        privateDnsName: instance.address,
        sourceDestCheck: true,
        groupSet: groups,
        attachment: {
          attachmentId: `eni-attach-${instance.interfaceId.slice(4)}`,
          deviceIndex: 0,
          status: 'attached',
          attachTime: new Date(instance.createdAt),
          deleteOnTermination: true,
        },
        association,
        privateIpAddressesSet: [{ privateIpAddress: instance.address, primary: true, association }],
      },
    ],
  };
}

function volumesOf(world: World, { id }: Instance): Answer {
  return world.volumes.all().flatMap(({ id: volumeId, attachment }) =>
    attachment?.instance === id
      ? [
          {
            deviceName: attachment.device,
            ebs: {
              volumeId,
              status: 'attached',
              attachTime: new Date(attachment.at),
              deleteOnTermination: attachment.deleteOnTermination,
            },
          },
        ]
      : [],
  );
}
