import { openAddress } from '../../machines/addresses';
import { endDryRun, once, type Body, type Call } from '../call';
import { AwsError } from '../errors';
import type { Params } from '../protocol/params';
import { checkTagTypes, tagsFor } from '../tags';
import type { BlockDevice, Image, Instance } from '../types';
import { devicesOf, maySee } from './devices';
import { addHost, Host } from './host';
import { typeOf } from './instance-types';
import { reservationView } from './instance-view';
import { find as findKey } from './keys';
import { placementOf, type Placement } from './launch-network';
import { begin } from './lifecycle';
import { checkProfile } from '../iam';
import { requestSpot } from './spot-requests';
import { templateOf } from './templates';
import { volumeFor } from './volumes';

/** RunInstances. */
export async function run(call: Call): Promise<Body> {
  const instances = await launch(call, withTemplate(call));
  return reservationView(call, instances);
}

/** The parameters of a launch, with those of the template that it names. */
function withTemplate(call: Call): Params {
  const { params } = call;
  return params.has('LaunchTemplate') ? params.over(templateOf(call, params.struct('LaunchTemplate')).data) : params;
}

interface Checked {
  readonly image: Image;
  readonly type: string;
  readonly placement: Placement;
  readonly devices: readonly BlockDevice[];
  readonly key: { readonly name: string; readonly publicKey: string } | undefined;
  readonly count: number;
}

/** Launches instances, once for a client token. */
export async function launch(call: Call, params: Params): Promise<readonly Instance[]> {
  const made: Instance[] = [];
  const { reservation } = await once(call, async () => {
    const checked = check(call, params);
    endDryRun(call);
    if (call.world.trouble.strikes('insufficientCapacity')) {
      throw new AwsError(
        'InsufficientInstanceCapacity',
        `We currently do not have sufficient ${checked.type} capacity in the Availability Zone you requested (${checked.placement.subnet.zone}).`,
        500,
      );
    }
    const id = `r-${call.world.dice.hex(17)}`;
    for (let index = 0; index < checked.count; index++) made.push(await add(call, params, checked, id, index));
    return { reservation: id };
  });
  if (made.length > 0) return made;
  return call.world.instances.all().filter((one) => one.reservation === reservation);
}

function check(call: Call, params: Params): Checked {
  const { world, account } = call;
  const image = world.images.get(call, params.need('ImageId'), (one) => maySee(one, account));
  if (image.state !== 'available') {
    throw new AwsError('InvalidAMIID.Unavailable', `The image ID '${image.id}' is not available: it is ${image.state}`);
  }
  const type = typeOf(params.text('InstanceType') ?? 'm1.small');
  if (!type.architectures.includes(image.architecture)) {
    throw new AwsError(
      'InvalidParameterValue',
      `The architecture '${type.architectures.join(',')}' of the specified instance type does not match the architecture '${image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.`,
    );
  }
  const count = countOf(params);
  world.quota.check(world, call, type.vcpus * count);
  const keyName = params.text('KeyName');
  const key = keyName === undefined ? undefined : findKey(call, keyName);
  checkTagTypes(params, ['instance', 'volume', 'network-interface', 'spot-instances-request']);
  checkUserData(params.text('UserData'));
  checkProfile(call, params.struct('IamInstanceProfile'));
  const placement = placementOf(call, params);
  const devices = devicesOf(call, params.structs('BlockDeviceMapping'), image.devices);
  return { image, type: type.name, placement, devices, key, count };
}

function countOf(params: Params): number {
  const least = params.whole('MinCount');
  const most = params.whole('MaxCount');
  if (least === undefined || most === undefined) {
    throw new AwsError('MissingParameter', 'The request must contain the parameters MinCount and MaxCount');
  }
  if (least < 1 || most < least)
    throw new AwsError('InvalidParameterValue', `Value (${least}) for parameter minCount is invalid.`);
  return most;
}

/** At most 16 KB before it is encoded: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html */
function checkUserData(base64: string | undefined): void {
  if (base64 === undefined) return;
  if (!/^[A-Za-z0-9+/\s]*=*\s*$/.test(base64)) {
    throw new AwsError('InvalidParameterValue', 'Invalid BASE64 encoding of user data');
  }
  if (Buffer.from(base64, 'base64').length > 16_384) {
    throw new AwsError('InvalidParameterValue', 'User data is limited to 16384 bytes');
  }
}

async function add(
  call: Call,
  params: Params,
  checked: Checked,
  reservation: string,
  index: number,
): Promise<Instance> {
  const { world } = call;
  const { image, type, placement, devices, key } = checked;
  const options = params.struct('MetadataOptions');
  const entity = world.entity(call, 'i', tagsFor(params, 'instance'));
  const market = params.struct('InstanceMarketOptions');
  const spot =
    market.text('MarketType') === 'spot'
      ? requestSpot(call, params, market.struct('SpotOptions'), type, entity.id)
      : undefined;
  const base: Omit<Instance, 'address'> = {
    ...entity,
    state: 'pending',
    stateReason: undefined,
    transition: '',
    image,
    type,
    keyName: key?.name,
    publicKey: key?.publicKey,
    subnet: placement.subnet.id,
    vpc: placement.subnet.vpc,
    zone: placement.subnet.zone,
    groups: placement.groups,
    hasPublicAddress: placement.hasPublicAddress,
    userData: params.text('UserData'),
    profile:
      params.struct('IamInstanceProfile').text('Name') ??
      params.struct('IamInstanceProfile').text('Arn')?.split('/').at(-1),
    metadata: {
      tokens:
        options.oneOf('HttpTokens', ['optional', 'required']) ??
        (image.imdsSupport === 'v2.0' ? 'required' : 'optional'),
      endpoint: options.oneOf('HttpEndpoint', ['enabled', 'disabled']) ?? 'enabled',
      hops: options.whole('HttpPutResponseHopLimit') ?? (image.imdsSupport === 'v2.0' ? 2 : 1),
      tags: options.oneOf('InstanceMetadataTags', ['enabled', 'disabled']) ?? 'disabled',
    },
    shutdownBehavior: params.oneOf('InstanceInitiatedShutdownBehavior', ['stop', 'terminate']) ?? 'stop',
    spotRequest: spot?.id,
    reservation,
    interfaceId: `eni-${world.dice.hex(17)}`,
    ebsOptimized: params.flag('EbsOptimized') ?? false,
    token: call.params.text('ClientToken'),
    launchIndex: index,
    enaSupport: image.enaSupport,
    sriovNetSupport: image.sriovNetSupport,
    protected: params.flag('DisableApiTermination') ?? false,
    work: Promise.resolve(),
  };
  return enter(call, base, devices, tagsFor(params, 'volume'));
}

/** Gives an instance its address, its volumes and its machine, and starts it. */
async function enter(
  call: Call,
  base: Omit<Instance, 'address'>,
  devices: readonly BlockDevice[],
  volumeTags: ReadonlyMap<string, string>,
): Promise<Instance> {
  const { world } = call;
  const place: { host?: Host } = {};
  const door = {
    isOpen: () => place.host?.isOpen() ?? false,
    keysOf: (user: string) => place.host?.keysOf(user),
    computer: () => place.host!.computer(),
    runAs: (user: string) => place.host?.runAs(user),
    homeOf: (user: string) => place.host!.homeOf(user),
  };
  const front = await openAddress(world.dice, world.sshPort, door);
  const instance: Instance = { ...base, address: front.address };
  place.host = new Host(world, instance);
  place.host.front = front;
  world.instances.add(instance);
  addHost(world, instance.id, place.host);
  const { id, region, type, image, createdAt } = instance;
  world.inventory.created({
    cloud: 'aws',
    kind: 'instance',
    id,
    region,
    detail: `${type}${instance.spotRequest === undefined ? '' : ', spot'}, ${image.name}`,
    createdAt,
    lasts: false,
  });
  for (const device of devices) volumeFor(world, call, device, { instance: id, zone: instance.zone, tags: volumeTags });
  if (front.port !== 22)
    world.warn(`port 22 of ${front.address} may not be bound: instance ${id} answers at port ${front.port}`);
  image.lastLaunched = call.now;
  begin(world, instance);
  return instance;
}
