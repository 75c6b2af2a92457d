import { applyChanges, parseChange, type Instruction } from '../../oci/changes';
import type { RunConfig } from '../../oci/run-config';

/** What a base gives to the images made from it. ONBUILD is left out: Docker hands it on to nobody. */
export function inheritedConfig(config: RunConfig | null | undefined): RunConfig {
  const { Cmd, Entrypoint, Env, WorkingDir, User, ExposedPorts, Volumes, StopSignal, Healthcheck, Shell } =
    config ?? {};
  const all = { Cmd, Entrypoint, Env, WorkingDir, User, ExposedPorts, Volumes, StopSignal, Healthcheck, Shell };
  return Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== undefined && value !== null && value !== ''),
  );
}

/** What a commit is told, so that the image has the base's config and the changes, and nothing of the build's container. */
export interface CommitConfig {
  readonly config: RunConfig;
  readonly changes: readonly string[];
}

/** `docker commit` does not know these as changes: they go into the config. */
const UNKNOWN: readonly Instruction[] = ['STOPSIGNAL', 'SHELL'];

/**
 * The engine lays the changes over this config, and this config over the container's. It fills in what is empty from the
 * container (`merge` in moby's daemon/commit.go), so what the container has and the base has not must be said with something.
 */
export function commitConfig(
  base: RunConfig,
  changes: readonly string[],
  containerUser: string | undefined,
): CommitConfig {
  const parsed = changes.map(parseChange);
  const textsOf = (unknown: boolean): string[] =>
    parsed.flatMap(({ text, instruction }) => (UNKNOWN.includes(instruction) === unknown ? [text] : []));
  const names = (wanted: Instruction): boolean => parsed.some(({ instruction }) => instruction === wanted);
  const user = base.User ?? (containerUser === undefined ? undefined : '0');
  const config: RunConfig = {
    ...base,
    Entrypoint: base.Entrypoint ?? [],
    Cmd: base.Cmd ?? [],
    ...(user !== undefined && { User: user }),
    ...applyChanges({}, textsOf(true)),
  };
  // In a Dockerfile ENTRYPOINT drops the base's CMD; here the base's is kept unless changed, as in Packer.
  const keepsCommand = names('ENTRYPOINT') && !names('CMD') && base.Cmd && base.Cmd.length > 0;
  return { config, changes: [...textsOf(false), ...(keepsCommand ? [`CMD ${JSON.stringify(base.Cmd)}`] : [])] };
}
