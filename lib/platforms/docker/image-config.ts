import { parseChanges } from './changes';
import type { ImageConfig } from './engine-types';

/** What a base gives to the images made from it. ONBUILD is left out: Docker hands it on to nobody. */
export function inheritedConfig(config: ImageConfig | null | undefined): ImageConfig {
  const { Cmd, Entrypoint, Env, WorkingDir, User, ExposedPorts, Volumes, StopSignal, Healthcheck, Shell } =
    config ?? {};
  const all = { Cmd, Entrypoint, Env, WorkingDir, User, ExposedPorts, Volumes, StopSignal, Healthcheck, Shell };
  return Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== undefined && value !== null && value !== ''),
  );
}

/** What a commit is told, so that the image has the base's config and the changes, and nothing of the build's container. */
export interface CommitConfig {
  readonly config: ImageConfig;
  readonly changes: readonly string[];
}

/**
 * The engine lays the changes over this config, and this config over the container's. It fills in what is empty from the
 * container (`merge` in moby's daemon/commit.go), so what the container has and the base has not must be said with something.
 */
export function commitConfig(
  base: ImageConfig,
  changes: readonly string[],
  containerUser: string | undefined,
): CommitConfig {
  const parsed = parseChanges(changes);
  const setsEntrypoint = parsed.some(({ instruction }) => instruction === 'ENTRYPOINT');
  const setsCommand = parsed.some(({ instruction }) => instruction === 'CMD');
  const signal = parsed.filter(({ instruction }) => instruction === 'STOPSIGNAL').at(-1)?.rest;
  const shell = parsed.filter(({ instruction }) => instruction === 'SHELL').at(-1)?.words;
  const user = base.User ?? (containerUser === undefined ? undefined : '0');
  const config: ImageConfig = {
    ...base,
    Entrypoint: base.Entrypoint ?? [],
    Cmd: base.Cmd ?? [],
    ...(user !== undefined && { User: user }),
    ...(signal !== undefined && { StopSignal: signal }),
    ...(shell && { Shell: shell }),
  };
  // `docker commit` knows neither STOPSIGNAL nor SHELL as a change: those two are in the config.
  const rest = changes.filter((_, index) => !['STOPSIGNAL', 'SHELL'].includes(parsed[index]?.instruction ?? ''));
  // In a Dockerfile ENTRYPOINT drops the base's CMD; here the base's is kept unless changed, as in Packer.
  const keepsCommand = setsEntrypoint && !setsCommand && base.Cmd && base.Cmd.length > 0;
  return { config, changes: keepsCommand ? [...rest, `CMD ${JSON.stringify(base.Cmd)}`] : rest };
}
