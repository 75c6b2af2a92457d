import type { Body, Call } from '../call';
import { AwsError, invalidValue } from '../errors';
import { filtered, paged } from '../filters';
import { checkTagTypes, tagSet, tagsFor } from '../tags';
import type { BlockDevice, Entity, Image, Instance } from '../types';
import type { World } from '../world';
import { devicesOf, deviceViews, maySee } from './devices';
import { hostOf } from './host';
import { addSnapshot, forget, snapshotTakes } from './snapshots';

/** CreateImage: its snapshots are made of what the instance's volumes hold when this is called. */
export function create(call: Call): Body {
  const { world, params } = call;
  const instance = world.instances.get(call, params.need('InstanceId'));
  const name = checkName(call, params.need('Name'));
  checkTagTypes(params, ['image', 'snapshot']);
  if (instance.state !== 'running' && instance.state !== 'stopped') {
    throw new AwsError(
      'IncorrectState',
      `Instance '${instance.id}' is not in the state 'running' or 'stopped': it is '${instance.state}'.`,
    );
  }
  const given = devicesOf(call, params.structs('BlockDeviceMapping'), devicesOfInstance(world, instance));
  const { devices, ready } = snapshotsOf(call, instance, given);
  const { image: source } = instance;
  const image = addImage(world, {
    ...world.entity(call, 'ami', tagsFor(params, 'image')),
    ...fresh(name, params.text('Description')),
    architecture: source.architecture,
    rootDevice: source.rootDevice,
    devices,
    platform: source.platform,
    enaSupport: instance.enaSupport,
    sriovNetSupport: instance.sriovNetSupport,
    bootMode: source.bootMode,
    tpmSupport: source.tpmSupport,
    uefiData: source.uefiData,
    imdsSupport: source.imdsSupport,
    source: { image: source.id, region: source.region, instance: instance.id },
  });
  complete(world, image, ready);
  return { imageId: image.id };
}

function snapshotsOf(
  call: Call,
  instance: Instance,
  given: readonly BlockDevice[],
): { readonly devices: readonly BlockDevice[]; readonly ready: Promise<void>[] } {
  const { world, params } = call;
  const root = hostOf(world, instance).freeze();
  const attached = new Map(
    world.volumes
      .all()
      .filter(({ attachment }) => attachment?.instance === instance.id)
      .map((volume) => [volume.attachment!.device, volume]),
  );
  const ready: Promise<void>[] = [];
  const devices = given.map((device): BlockDevice => {
    const volume = attached.get(device.device);
    // A disk that the instance has not is made from its own snapshot, or empty.
    if (!volume) return device;
    const isRoot = device.device === instance.image.rootDevice;
    const made = addSnapshot(
      world,
      world.entity(call, 'snap', tagsFor(params, 'snapshot')),
      {
        volume: volume.id,
        size: device.size,
        encrypted: device.encrypted,
        kmsKey: device.kmsKey,
        origin: isRoot ? root : Promise.resolve(undefined),
      },
      `Created by CreateImage(${instance.id}) for an image`,
      snapshotTakes(device.size),
    );
    ready.push(made.ready);
    return { ...device, snapshot: made.snapshot.id };
  });
  return { devices, ready };
}

function devicesOfInstance(world: World, instance: Instance): readonly BlockDevice[] {
  return world.volumes
    .all()
    .flatMap(({ attachment, size, type, iops, throughput, encrypted, kmsKey }): BlockDevice[] =>
      attachment?.instance === instance.id
        ? [
            {
              device: attachment.device,
              size,
              type,
              iops,
              throughput,
              encrypted,
              kmsKey,
              deleteOnTermination: attachment.deleteOnTermination,
            },
          ]
        : [],
    );
}

/** RegisterImage: an image of snapshots that are there. */
export function register(call: Call): Body {
  const { world, params } = call;
  const name = checkName(call, params.need('Name'));
  checkTagTypes(params, ['image', 'snapshot']);
  if (params.has('ImageLocation'))
    throw new AwsError('UnsupportedOperation', 'Images of instance store are not part of the rehearsal');
  const rootDevice = params.need('RootDeviceName');
  const devices = devicesOf(call, params.structs('BlockDeviceMapping'), []);
  const root = devices.find(({ device }) => device === rootDevice);
  if (root?.snapshot === undefined) {
    throw new AwsError(
      'InvalidBlockDeviceMapping',
      `The root device ${rootDevice} needs a snapshot in the block device mapping`,
    );
  }
  for (const { snapshot } of devices) {
    const found = world.snapshots.find(snapshot);
    if (found && found.state !== 'completed') {
      throw new AwsError('IncorrectState', `The snapshot '${found.id}' is not in the 'completed' state`);
    }
  }
  const virtualization = params.text('VirtualizationType') ?? 'paravirtual';
  if (virtualization !== 'hvm') throw invalidValue('virtualizationType', virtualization, 'Only hvm is supported.');
  const bootMode = params.oneOf('BootMode', ['legacy-bios', 'uefi', 'uefi-preferred']);
  const image = addImage(world, {
    ...world.entity(call, 'ami', tagsFor(params, 'image')),
    ...fresh(name, params.text('Description')),
    state: 'available',
    architecture: params.oneOf('Architecture', ['i386', 'x86_64', 'arm64', 'x86_64_mac', 'arm64_mac']) ?? 'i386',
    rootDevice,
    devices,
    enaSupport: params.flag('EnaSupport') ?? false,
    sriovNetSupport: params.text('SriovNetSupport'),
    bootMode,
    tpmSupport: params.oneOf('TpmSupport', ['v2.0']),
    uefiData: params.text('UefiData'),
    imdsSupport: params.oneOf('ImdsSupport', ['v2.0']),
  });
  return { imageId: image.id };
}

/** DeregisterImage. Its snapshots stay, unless they are to go with it. */
export function deregister(call: Call): Body {
  const { world, params } = call;
  const image = world.images.get(call, params.need('ImageId'));
  if (image.protection !== 'disabled') {
    throw new AwsError(
      'OperationNotPermitted',
      `The image ${image.id} is protected from deregistration: disable that first`,
    );
  }
  world.images.delete(image.id);
  world.inventory.deleted(image.id, call.now);
  if (params.flag('DeleteAssociatedSnapshots') !== true) return { return: true };
  const results = image.devices.flatMap(({ snapshot }) => {
    if (snapshot === undefined) return [];
    const used = world.images.all().some(({ devices }) => devices.some((one) => one.snapshot === snapshot));
    if (!used) forget(world, snapshot);
    return [{ snapshotId: snapshot, returnCode: used ? 'skipped' : 'success' }];
  });
  return { return: true, deleteSnapshotResultSet: results };
}

/** DescribeImages. */
export function describe(call: Call): Body {
  const { world, params, account } = call;
  const ids = params.list('ImageId');
  const owners = params.list('Owner').map((owner) => (owner === 'self' ? account : owner));
  const executable = params.list('ExecutableBy');
  const all =
    ids.length > 0
      ? ids.map((id) => world.images.get(call, id, (one) => maySee(one, account)))
      : world.images.in(call.region).filter((one) => maySee(one, account));
  const chosen = all
    .filter(
      (one) =>
        owners.length === 0 || owners.includes(one.account) || (one.alias !== undefined && owners.includes(one.alias)),
    )
    .filter(
      ({ permissions }) =>
        executable.length === 0 ||
        executable.some((who) =>
          permissions.some(({ userId, group }) =>
            who === 'all' ? group === 'all' : userId === (who === 'self' ? account : who),
          ),
        ),
    )
    // A deprecated image is shown to its owner, and to who names it or asks for such.
    .filter(
      (one) =>
        ids.length > 0 ||
        one.account === account ||
        params.flag('IncludeDeprecated') === true ||
        !isDeprecated(one, call.now),
    );
  const found = filtered(call, chosen, {
    'image-id': ({ id }) => id,
    name: ({ name }) => name,
    description: ({ description }) => description,
    architecture: ({ architecture }) => architecture,
    state: ({ state }) => state,
    'owner-id': (one) => one.account,
    'owner-alias': ({ alias }) => alias,
    'is-public': isPublic,
    'root-device-type': () => 'ebs',
    'root-device-name': ({ rootDevice }) => rootDevice,
    'virtualization-type': () => 'hvm',
    'image-type': () => 'machine',
    hypervisor: () => 'xen',
    platform: ({ platform }) => platform,
    'ena-support': ({ enaSupport }) => enaSupport,
    'boot-mode': ({ bootMode }) => bootMode,
    'creation-date': ({ createdAt }) => new Date(createdAt).toISOString(),
    'source-instance-id': ({ source }) => source?.instance,
    'block-device-mapping.snapshot-id': ({ devices }) => devices.map(({ snapshot }) => snapshot),
    'block-device-mapping.volume-type': ({ devices }) => devices.map(({ type }) => type),
    'block-device-mapping.device-name': ({ devices }) => devices.map(({ device }) => device),
    'block-device-mapping.encrypted': ({ devices }) => devices.map(({ encrypted }) => encrypted),
  });
  const { page, nextToken } = paged(call, found);
  return { imagesSet: page.map(view), nextToken };
}

/** Adds an image, and what the books say of it. */
export function addImage(world: World, image: Image): Image {
  const { id, region, name, createdAt } = image;
  world.images.add(image);
  world.inventory.created({ cloud: 'aws', kind: 'image', id, region, detail: name, createdAt, lasts: true });
  for (const { snapshot } of image.devices) if (snapshot !== undefined) world.inventory.belongs(snapshot, id);
  return image;
}

/** Makes an image available when its snapshots are ready, and failed where one is not. */
export function complete(world: World, image: Image, ready: readonly Promise<void>[]): void {
  void world.meanwhile(
    (async () => {
      await Promise.all(ready);
      const broken = image.devices.find(({ snapshot }) => world.snapshots.find(snapshot)?.state === 'error');
      image.state = broken ? 'failed' : 'available';
      world.changed();
      if (broken) image.stateReason = `Snapshot ${broken.snapshot!} failed`;
    })(),
  );
}

/** What every new image has. */
export function fresh(
  name: string,
  description: string | undefined,
): Omit<Image, keyof Entity | 'architecture' | 'rootDevice' | 'devices' | 'enaSupport'> {
  return {
    name,
    description,
    state: 'pending',
    imdsSupport: undefined,
    deprecationTime: undefined,
    protection: 'disabled',
    permissions: [],
  };
}

/** Checks the name of an image: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html */
export function checkName({ world, account, region }: Call, name: string): string {
  if (!/^[\w()[\] ./\-'@]{3,128}$/.test(name)) {
    throw new AwsError(
      'InvalidAMIName.Malformed',
      "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'",
    );
  }
  const taken = world.images.all().find((one) => one.account === account && one.region === region && one.name === name);
  if (taken) throw new AwsError('InvalidAMIName.Duplicate', `AMI name ${name} is already in use by AMI ${taken.id}`);
  return name;
}

function isPublic({ permissions }: Image): boolean {
  return permissions.some(({ group }) => group === 'all');
}

function isDeprecated({ deprecationTime }: Image, now: number): boolean {
  return deprecationTime !== undefined && Date.parse(deprecationTime) <= now;
}

function view(image: Image): Body {
  const { source } = image;
  return {
    imageId: image.id,
    imageLocation: `${image.alias ?? image.account}/${image.name}`,
    imageState: image.state,
    stateReason:
      image.stateReason === undefined ? undefined : { code: 'Client.SnapshotFailed', message: image.stateReason },
    imageOwnerId: image.account,
    imageOwnerAlias: image.alias,
    isPublic: isPublic(image),
    architecture: image.architecture,
    imageType: 'machine',
    platform: image.platform,
    platformDetails: image.platform === 'windows' ? 'Windows' : 'Linux/UNIX',
    usageOperation: image.platform === 'windows' ? 'RunInstances:0002' : 'RunInstances',
    name: image.name,
    description: image.description,
    rootDeviceType: 'ebs',
    rootDeviceName: image.rootDevice,
    blockDeviceMapping: deviceViews(image.devices),
    virtualizationType: 'hvm',
    hypervisor: 'xen',
    enaSupport: image.enaSupport,
    sriovNetSupport: image.sriovNetSupport,
    bootMode: image.bootMode,
    tpmSupport: image.tpmSupport,
    imdsSupport: image.imdsSupport,
    creationDate: new Date(image.createdAt).toISOString(),
    deprecationTime: image.deprecationTime,
    deregistrationProtection: image.protection,
    sourceImageId: source?.image,
    sourceImageRegion: source?.region,
    sourceInstanceId: source?.instance,
    tagSet: tagSet(image.tags),
  };
}
