import { z } from 'zod';
import { sshCommunicatorSchema, type SshCommunicatorProps } from '../../../communicators/ssh/props';
import { atMostOne, props, text, type Rule } from '../../../extension/props';
import type { Text } from '../../../plan/late';
import { bootShape, type QemuBootProps } from './boot-props';
import { captureShape, QEMU_FORMATS, type QemuCaptureProps } from './capture-props';
import { machineShape, type QemuMachineProps } from './machine-props';

/** What a QEMU build's plan entry holds: the props of `QemuSource` but for what it starts from. */
export interface QemuConfigProps extends QemuMachineProps, QemuBootProps, QemuCaptureProps {
  /**
   * Where the disk image is: a path, or addresses (http, https) that are tried in turn. Its checksum says what it is.
   * @default - none
   */
  readonly image?: Text | readonly Text[];
  /**
   * Where the installation medium is: a path, or addresses that are tried in turn.
   * @default - none
   */
  readonly iso?: Text | readonly Text[];
  /** Format of `image`, where it shall not be looked for in the file. @default - found in the file */
  readonly imageFormat?: 'qcow2' | 'raw' | 'vmdk' | 'vpc' | 'vhdx';
  /**
   * How the guest is reached: `ssh({…})`, or `none` for a machine that installs itself and shuts down.
   * @default - SSH as root, with a temporary key that cloud-init takes in
   */
  readonly communicator?: SshCommunicatorProps | 'none';
}

const places = z.union([text(), z.array(text()).min(1)]);

/** Rule: options that only make sense together. */
const needs =
  (name: string, other: string): Rule =>
  (given) =>
    given[name] !== undefined && given[other] === undefined ? `\`${name}\` needs \`${other}\`` : undefined;

const sizesFit: Rule = ({ cpus, sockets, cores, threads }) => {
  if (cpus === undefined || cores === undefined) return undefined;
  const product = Number(sockets ?? 1) * Number(cores) * Number(threads ?? 1);
  return product === cpus
    ? undefined
    : `\`cpus\` is ${String(cpus)}, but \`sockets\` × \`cores\` × \`threads\` is ${product}; leave out \`cpus\` or \`cores\``;
};

const portsFit: Rule = ({ vncPortMin = 5900, vncPortMax = 6000, httpPortMin = 8000, httpPortMax = 9000 }) => {
  if (Number(vncPortMin) > Number(vncPortMax)) return '`vncPortMin` is above `vncPortMax`';
  return Number(httpPortMin) > Number(httpPortMax) ? '`httpPortMin` is above `httpPortMax`' : undefined;
};

const passwordFits: Rule = ({ vncPassword }) =>
  typeof vncPassword === 'string' && vncPassword.length > 8
    ? `\`vncPassword\` has ${vncPassword.length} characters; VNC takes at most 8`
    : undefined;

const seedIsOne: Rule = ({ cloudInit }) => {
  const { userData, config, packages, hostname } = (cloudInit ?? {}) as Record<string, unknown>;
  const others = Object.entries({ config, packages, hostname }).filter(([, value]) => value !== undefined);
  return userData !== undefined && others.length > 0
    ? `\`cloudInit.userData\` is the whole user-data, so \`cloudInit.${others[0]![0]}\` cannot be given besides`
    : undefined;
};

const compressible: Rule = ({ diskCompression, format }) =>
  diskCompression === true && format !== undefined && format !== 'qcow2' && format !== 'vmdk'
    ? `\`diskCompression\` is for qcow2 and vmdk, and \`format\` is \`${String(format)}\``
    : undefined;

/** Checks the props. */
export const qemuSchema = props<QemuConfigProps>()(
  {
    image: places.optional(),
    iso: places.optional(),
    imageFormat: z.enum(QEMU_FORMATS).optional(),
    communicator: z.union([z.literal('none'), sshCommunicatorSchema]).optional(),
    ...machineShape,
    ...bootShape,
    ...captureShape,
  },
  atMostOne('bootCommand', 'bootSteps'),
  atMostOne('httpDirectory', 'httpContent'),
  atMostOne('firmware', 'efiBoot'),
  needs('initrd', 'kernel'),
  needs('append', 'kernel'),
  sizesFit,
  portsFit,
  passwordFits,
  seedIsOne,
  compressible,
);

/** The props as the driver gets them. */
export type QemuConfig = z.output<typeof qemuSchema>;
