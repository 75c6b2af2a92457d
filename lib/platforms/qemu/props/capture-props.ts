import { z } from 'zod';
import { duration, text } from '../../../extension/props';
import type { Text } from '../../../plan/late';

/** A format of a disk. */
export type QemuFormat = 'qcow2' | 'raw' | 'vmdk' | 'vpc' | 'vhdx';

/** All of them. */
export const QEMU_FORMATS = ['qcow2', 'raw', 'vmdk', 'vpc', 'vhdx'] as const satisfies readonly QemuFormat[];

/** More arguments for qemu-img. */
export interface QemuImgArgs {
  /** For `qemu-img create`. @default - none */
  readonly create?: readonly string[];
  /** For `qemu-img convert`. @default - none */
  readonly convert?: readonly string[];
}

/** How a machine ends and what is made of it. */
export interface QemuCaptureProps {
  /**
   * Command that shuts the guest down.
   * @default - `shutdown -P now` as root; then, or without a connection, the power button (ACPI)
   */
  readonly shutdownCommand?: Text;
  /** How long the guest may take to shut down before its power is cut. @default '5m' */
  readonly shutdownTimeout?: string;
  /**
   * Removes what no two machines may share before the image is made: the temporary key, the injected host key, the machine id, and what
   * cloud-init remembers of this boot.
   * @default - true where goldsmith let itself in by cloud-init
   */
  readonly generalize?: boolean;
  /** Format of the artifact. @default 'qcow2' */
  readonly format?: QemuFormat;
  /**
   * File that the first disk goes to, relative to the project; further disks and the UEFI variables go beside it, as `NAME-1.qcow2` and
   * `NAME.efivars.fd`.
   * @default - `artifacts/<app>-<build>.<format>`
   */
  readonly output?: Text;
  /** Compresses the clusters of a qcow2. @default false */
  readonly diskCompression?: boolean;
  /** Does not let the guest trim its file systems before the disk is copied. @default false */
  readonly skipCompaction?: boolean;
  /** More arguments for qemu-img. @default - none */
  readonly qemuImgArgs?: QemuImgArgs;
  /**
   * What is kept after each step: `memory` (disk and memory, so that a later build goes on in the running system), `disk` (a later build
   * boots it).
   * @default 'memory'
   */
  readonly checkpoints?: 'memory' | 'disk';
}

/** Schemas of {@link QemuCaptureProps}. */
export const captureShape = {
  shutdownCommand: text().optional(),
  shutdownTimeout: duration().optional(),
  generalize: z.boolean().optional(),
  format: z.enum(QEMU_FORMATS).optional(),
  output: text().optional(),
  diskCompression: z.boolean().optional(),
  skipCompaction: z.boolean().optional(),
  qemuImgArgs: z
    .strictObject({ create: z.array(z.string()).optional(), convert: z.array(z.string()).optional() })
    .optional(),
  checkpoints: z.enum(['memory', 'disk']).optional(),
} as const;
