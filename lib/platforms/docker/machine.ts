import { GoldsmithError } from '../../errors';
import type { Artifact } from '../../extension/artifact';
import type { Checkpoint, Machine } from '../../extension/platform';
import type { RunConfig } from '../../oci/run-config';
import type { Json } from '../../plan/json';

/** What the verbs hand to each other of a running container. */
export interface MachineData {
  readonly id: string;
  readonly name: string;
  /** What the base gives to the image: the original one's, also where the container was started from a checkpoint. */
  readonly base: RunConfig;
  /** Whether the main process is goldsmith's own, which only waits. */
  readonly waits: boolean;
}

/** What a checkpoint must remember. */
export interface CheckpointData {
  readonly image: string;
  readonly base: RunConfig;
}

/** The data of a machine. */
export function machineData(machine: Machine): MachineData {
  return machine.data as unknown as MachineData;
}

/** The data of a checkpoint. */
export function checkpointData(checkpoint: Checkpoint): CheckpointData {
  return checkpoint.data as unknown as CheckpointData;
}

/** As the engine keeps it. */
export function asJson(data: MachineData | CheckpointData): Json {
  return data as unknown as Json;
}

/** Id of the image that an artifact of any step of a Docker build or chain stands for. */
export function imageOf(artifact: Artifact): string {
  const id = artifact.outputs['imageId'] ?? artifact.id;
  if (artifact.kind === 'docker-image' && typeof id === 'string') return id;
  throw new GoldsmithError('BASE_MISMATCH', `an artifact of kind \`${artifact.kind}\` is no image of a Docker Engine`, {
    hint: 'give an image that a `docker` source committed, or `docker-import` made',
  });
}
