import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Checkpoint } from '../../extension/platform';
import type { BaseChoice } from './base-choice';

/** What a machine starts from: a base, what another machine was when it was captured, or the root file system of a raw disk. */
export type Origin =
  | { readonly kind: 'base'; readonly base: BaseChoice }
  | { readonly kind: 'disk'; readonly disk: string }
  | { readonly kind: 'checkpoint'; readonly checkpoint: Checkpoint };

/** Whoever a command runs as, and what it sees. */
export interface RunAs {
  /** Name of the user; root where it is not given. */
  readonly user?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A machine that really runs commands, in front of which a cloud's instance stands. */
export interface Computer {
  /** Starts a shell command. Its streams carry bytes as they are. */
  run(command: string, as?: RunAs): Promise<ChildProcessWithoutNullStreams>;
  /** What its disk is now, as what others start from. All that runs ends, as when a machine is stopped. */
  freeze(): Promise<Origin>;
  /** Lets it see a block device of this machine under a name such as `/dev/sdf`. */
  plug(name: string, device: string, volume: string): Promise<void>;
  /** Takes that away. */
  unplug(name: string): Promise<void>;
  /** Ends all that runs. Its disk stays. */
  stop(): Promise<void>;
  /** Deletes it. */
  destroy(): Promise<void>;
}

/** Where machines are made. */
export interface Room {
  /** Whether it makes any at all. */
  readonly hasMachines: boolean;
  launch(origin: Origin): Promise<Computer>;
  /** Writes what a machine would start from into a folder. */
  unpack(origin: Origin, into: string): Promise<void>;
  close(): Promise<void>;
}

/** A room without machines: instances have states, and nothing answers at their addresses. */
export const emptyRoom: Room = {
  hasMachines: false,
  launch: () => Promise.reject(new Error('there are no machines in this rehearsal')),
  unpack: () => Promise.reject(new Error('there are no machines in this rehearsal')),
  close: () => Promise.resolve(),
};
