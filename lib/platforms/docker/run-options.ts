import type { RunConfig } from '../../oci/run-config';
import type { DockerConfig } from './docker-extension';

/**
 * The main process of a build's container. It waits, and takes over and reaps what steps leave running, so that a service that
 * is stopped is really gone. Where an image has no `sleep` it waits for input that never comes.
 */
const WAIT = 'while :; do sleep 2147483647 & wait "$!" || read -r _; done';

/** Whether the main process is goldsmith's own. */
export function isWaiting({ entrypoint, command }: DockerConfig): boolean {
  return entrypoint === undefined && command === undefined;
}

/** What the engine is asked to create: https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerCreate */
export function containerBody(
  image: string,
  base: RunConfig,
  config: DockerConfig,
  labels: Readonly<Record<string, string>>,
  binds: readonly string[],
): object {
  const main = isWaiting(config)
    ? { Entrypoint: ['/bin/sh', '-c', WAIT] }
    : { ...(config.entrypoint && { Entrypoint: config.entrypoint }), ...(config.command && { Cmd: config.command }) };
  return {
    Image: image,
    ...main,
    OpenStdin: true,
    Labels: labels,
    ...(config.user !== undefined && { User: config.user }),
    // The base's check is for its own program, which does not run here.
    ...(base.Healthcheck && { Healthcheck: { Test: ['NONE'] } }),
    HostConfig: {
      Binds: binds,
      Tmpfs: Object.fromEntries((config.tmpfs ?? []).map(splitTmpfs)),
      Devices: (config.devices ?? []).map(device),
      CapAdd: config.capAdd ?? [],
      CapDrop: config.capDrop ?? [],
      Privileged: config.privileged ?? false,
      ...(config.runtime !== undefined && { Runtime: config.runtime }),
      ...(config.network !== undefined && { NetworkMode: config.network }),
      ...(config.containerDir !== undefined && { Mounts: [{ Type: 'volume', Target: config.containerDir }] }),
    },
  };
}

/** `/tmp:rw,size=64m`: the path, and the options of its mount. */
export function splitTmpfs(text: string): [path: string, options: string] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
}

/** `/dev/sda:/dev/xvda:r`: the host's, the container's, and what is allowed. */
export function device(text: string): object {
  const [host, container, permissions] = text.split(':') as [string, string?, string?];
  // `/dev/fuse:r` has no path for the container.
  const short = container !== undefined && /^[rwm]+$/.test(container);
  return {
    PathOnHost: host,
    PathInContainer: short || container === undefined ? host : container,
    CgroupPermissions: (short ? container : permissions) ?? 'rwm',
  };
}

/** Volumes as the engine takes them. A path of the host starts with `/`, `./` or `../`; anything else is a named volume. */
export function volumeBinds(config: DockerConfig, resolvePath: (path: string) => string): string[] {
  return Object.entries(config.volumes ?? {}).map(
    ([host, container]) => `${isHostPath(host) ? resolvePath(host) : host}:${container}`,
  );
}

/** Whether the name of a volume is a path of the host. */
export function isHostPath(volume: string): boolean {
  return /^(?:\.{0,2}\/|\.{1,2}$|[A-Za-z]:[\\/])/.test(volume);
}
