export type { QemuBootProps, QemuCloudInit } from './props/boot-props';
export type { QemuCaptureProps, QemuFormat, QemuImgArgs } from './props/capture-props';
export type { QemuMachineProps, QemuPortForward } from './props/machine-props';
export type { QemuConfig, QemuConfigProps } from './props/qemu-props';
export { qemu } from './qemu-extension';
export { QemuSource, type QemuSourceProps } from './qemu-source';
