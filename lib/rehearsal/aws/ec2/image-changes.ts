import { once, type Body, type Call } from '../call';
import { AwsError, invalidValue } from '../errors';
import { checkTagTypes, tagsFor } from '../tags';
import type { BlockDevice, Image } from '../types';
import { deviceViews, maySee } from './devices';
import { TAKES } from './durations';
import { addImage, checkName, complete, fresh } from './images';
import { changed, permissionChanges } from './permissions';
import { copySnapshot } from './snapshots';

/** CopyImage: into the caller's region, encrypted where that is asked for. */
export function copy(call: Call): Promise<Body> {
  return once(call, () => Promise.resolve().then(() => copyOnce(call)));
}

/** Who copies what another account shares with it must be let at the snapshots, too: the page of CopyImage. */
function checkStorage({ world, account }: Call, { devices, permissions }: Image): void {
  if (permissions.some(({ group }) => group === 'all')) return;
  const closed = devices.some(({ snapshot }) => {
    const found = world.snapshots.find(snapshot);
    return found && !maySee(found, account);
  });
  if (closed) throw new AwsError('InvalidRequest', 'You do not have permission to access the storage of this ami', 400);
}

function copyOnce(call: Call): Body {
  const { world, params, account } = call;
  const from = { account, region: params.need('SourceRegion') };
  const source = world.images.get(from, params.need('SourceImageId'), (one) => maySee(one, account));
  const name = checkName(call, params.need('Name'));
  checkTagTypes(params, ['image', 'snapshot']);
  if (source.state !== 'available') {
    throw new AwsError(
      'InvalidAMIID.Unavailable',
      `The image ID '${source.id}' is not available: it is ${source.state}`,
    );
  }
  checkStorage(call, source);
  const encrypted = params.flag('Encrypted') === true;
  const description = `Copied for DestinationAmi from SourceAmi ${source.id} for SourceSnapshot`;
  const ready: Promise<void>[] = [];
  const devices = source.devices.map((device): BlockDevice => {
    const snapshot = world.snapshots.find(device.snapshot);
    if (!snapshot) return device;
    const made = copySnapshot(call, snapshot, encrypted, params.text('KmsKeyId'), {
      tags: tagsFor(params, 'snapshot'),
      description: `${description} ${snapshot.id}`,
    });
    ready.push(made.ready);
    return { ...device, snapshot: made.snapshot.id, encrypted: made.snapshot.encrypted, kmsKey: made.snapshot.kmsKey };
  });
  const own =
    params.flag('CopyImageTags') === true && source.account === account ? source.tags : new Map<string, string>();
  const {
    enaSupport,
    sriovNetSupport,
    bootMode,
    tpmSupport,
    uefiData,
    imdsSupport,
    platform,
    architecture,
    rootDevice,
  } = source;
  const image = addImage(world, {
    ...world.entity(call, 'ami', new Map([...own, ...tagsFor(params, 'image')])),
    ...fresh(name, params.text('Description') ?? source.description),
    architecture,
    rootDevice,
    devices,
    platform,
    enaSupport,
    sriovNetSupport,
    bootMode,
    tpmSupport,
    uefiData,
    imdsSupport,
    source: { image: source.id, region: source.region },
  });
  complete(world, image, ready);
  return { imageId: image.id };
}

const LAUNCH_LISTS = {
  userId: 'UserId',
  group: 'UserGroup',
  organizationArn: 'OrganizationArn',
  organizationalUnitArn: 'OrganizationalUnitArn',
} as const;

/** ModifyImageAttribute: one attribute a call. */
export function modify(call: Call): Body {
  const { world, params } = call;
  const image = world.images.get(call, params.need('ImageId'));
  const attribute = params.text('Attribute');
  const description =
    params.struct('Description').text('Value') ?? (attribute === 'description' ? params.need('Value') : undefined);
  const imds =
    params.struct('ImdsSupport').text('Value') ?? (attribute === 'imdsSupport' ? params.need('Value') : undefined);
  if (description !== undefined) image.description = description;
  if (imds !== undefined) {
    if (imds !== 'v2.0') throw invalidValue('imdsSupport', imds, 'Valid values: v2.0');
    image.imdsSupport = imds;
  }
  const changes = permissionChanges(params, 'LaunchPermission', LAUNCH_LISTS);
  const { added, removed } = changes;
  if (added.length > 0 && image.devices.some(({ kmsKey }) => kmsKey?.endsWith('alias/aws/ebs') === true)) {
    throw new AwsError(
      'InvalidParameter',
      "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot.",
    );
  }
  if (added.some(({ group }) => group === 'all') && image.devices.some(({ encrypted }) => encrypted)) {
    throw new AwsError('InvalidParameter', 'Images with encrypted snapshots cannot be made public.');
  }
  const isNothing = added.length + removed.length === 0 && description === undefined && imds === undefined;
  if (isNothing && params.list('ProductCode').length === 0) {
    throw new AwsError('InvalidParameterCombination', 'No attributes specified.');
  }
  image.permissions = changed(image.permissions, changes);
  return { return: true };
}

const ATTRIBUTES = [
  'description',
  'kernel',
  'ramdisk',
  'launchPermission',
  'productCodes',
  'blockDeviceMapping',
  'sriovNetSupport',
  'bootMode',
  'tpmSupport',
  'uefiData',
  'lastLaunchedTime',
  'imdsSupport',
  'deregistrationProtection',
] as const;

/** DescribeImageAttribute. */
export function describeAttribute(call: Call): Body {
  const { world, params } = call;
  const image = world.images.get(call, params.need('ImageId'));
  const attribute = params.oneOf('Attribute', ATTRIBUTES) ?? params.need('Attribute');
  return { imageId: image.id, ...attributeOf(image, attribute as (typeof ATTRIBUTES)[number]) };
}

function attributeOf(image: Image, attribute: (typeof ATTRIBUTES)[number]): Body {
  switch (attribute) {
    case 'launchPermission':
      return { launchPermission: image.permissions.map((one) => ({ ...one })) };
    case 'blockDeviceMapping':
      return { blockDeviceMapping: deviceViews(image.devices) };
    case 'productCodes':
      return { productCodes: [] };
    case 'kernel':
    case 'ramdisk':
      return { [attribute]: {} };
    case 'lastLaunchedTime':
      return {
        lastLaunchedTime: { value: image.lastLaunched === undefined ? undefined : new Date(image.lastLaunched) },
      };
    case 'deregistrationProtection':
      return { deregistrationProtection: { value: image.protection } };
    default:
      return { [attribute]: { value: image[attribute] } };
  }
}

/** EnableImageDeprecation: from a time that is rounded to the minute. */
export function deprecate(call: Call): Body {
  const image = call.world.images.get(call, call.params.need('ImageId'));
  const at = Date.parse(call.params.need('DeprecateAt'));
  if (Number.isNaN(at) || at <= call.now) {
    throw new AwsError(
      'InvalidParameter',
      'The deprecation date must be a time in the future, in the form YYYY-MM-DDTHH:MM:SSZ.',
    );
  }
  image.deprecationTime = new Date(Math.round(at / 60_000) * 60_000).toISOString();
  return { return: true };
}

/** DisableImageDeprecation. */
export function undeprecate(call: Call): Body {
  call.world.images.get(call, call.params.need('ImageId')).deprecationTime = undefined;
  return { return: true };
}

/** EnableImageDeregistrationProtection. */
export function protect(call: Call): Body {
  const image = call.world.images.get(call, call.params.need('ImageId'));
  image.protection = call.params.flag('WithCooldown') === true ? 'enabled-with-cooldown' : 'enabled';
  return { return: image.protection };
}

/** DisableImageDeregistrationProtection. */
export function unprotect(call: Call): Body {
  call.world.images.get(call, call.params.need('ImageId')).protection = 'disabled';
  return { return: 'disabled' };
}

/** EnableFastLaunch: for images of Windows alone, as in life. */
export function enableFastLaunch(call: Call): Body {
  const { world, params } = call;
  const image = world.images.get(call, params.need('ImageId'));
  if (image.platform !== 'windows') {
    throw new AwsError(
      'InvalidRequest',
      `The image ${image.id} is not of Windows: fast launch is for such images only`,
    );
  }
  const resources = params.struct('SnapshotConfiguration').whole('TargetResourceCount') ?? 5;
  const made = { maxParallel: params.whole('MaxParallelLaunches') ?? 6, resources, isReady: false };
  image.fastLaunch = made;
  void world.meanwhile(
    world.pace.wait(TAKES.fastLaunch).then(() => {
      made.isReady = true;
    }),
  );
  return { ...fastLaunchView(image), state: 'enabling' };
}

/** DescribeFastLaunchImages. */
export function describeFastLaunch(call: Call): Body {
  const ids = call.params.list('ImageId');
  const rows = call.world.images
    .of(call)
    .filter(({ id, fastLaunch }) => fastLaunch !== undefined && (ids.length === 0 || ids.includes(id)));
  return {
    fastLaunchImageSet: rows.map((one) => ({
      ...fastLaunchView(one),
      state: one.fastLaunch?.isReady === true ? 'enabled' : 'enabling',
    })),
  };
}

function fastLaunchView({ id, account, fastLaunch }: Image): Body {
  return {
    imageId: id,
    resourceType: 'snapshot',
    snapshotConfiguration: { targetResourceCount: fastLaunch?.resources },
    maxParallelLaunches: fastLaunch?.maxParallel,
    ownerId: account,
  };
}
