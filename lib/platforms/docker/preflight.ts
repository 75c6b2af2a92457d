import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { toProblem, type Problem } from '../../errors';
import type { RunContext } from '../../extension/context';
import { problemWithChanges } from '../../oci/changes';
import { parsePlatform } from '../../oci/platform';
import { problemWithName } from '../../oci/reference';
import { DOCKER_HUB, hostOf } from '../../oci/registry-host';
import { givenAuth } from './auth';
import type { DockerConfig } from './docker-extension';
import type { Engine } from './engine';
import { failed } from './errors';
import { device, isHostPath } from './run-options';

/** Networks that are no objects of the engine. */
const BUILT_IN_NETWORKS = /^(?:default|bridge|host|none|container:.+)$/;

/** Everything that can be known to be wrong before a container is created. */
export async function preflight(engine: Engine, config: DockerConfig, ctx: RunContext): Promise<readonly Problem[]> {
  const found = await Promise.all([
    checkTexts(config),
    checkEngine(engine, config),
    checkNetwork(engine, config),
    checkHostPaths(engine, config, ctx),
    checkOutput(config, ctx),
    checkLogin(engine, config, ctx),
  ]);
  return found.flat();
}

/** Texts that were not all known when the program was synthesized. */
async function checkTexts(config: DockerConfig): Promise<Problem[]> {
  const texts = [problemWithChanges(config.changes), ...(config.tags ?? []).map((tag) => problemWithName(tag))];
  return texts.flatMap((message) => (message === undefined ? [] : [{ code: 'INVALID_PROPS' as const, message }]));
}

async function checkEngine(engine: Engine, { runtime, platform }: DockerConfig): Promise<Problem[]> {
  if (runtime === undefined && platform === undefined) return [];
  const { Runtimes = {}, OSType = 'linux' } = await engine.info();
  const problems: Problem[] = [];
  if (runtime !== undefined && !(runtime in Runtimes)) {
    const message = `\`runtime\` is \`${runtime}\`, which the engine does not have; it has: ${Object.keys(Runtimes).join(', ')}`;
    problems.push({ code: 'PREFLIGHT_FAILED', message, hint: 'add it to the engine, or leave `runtime` out' });
  }
  const os = platform === undefined ? undefined : parsePlatform(platform).os;
  if (os !== undefined && os !== OSType) {
    const message = `\`platform\` is \`${platform}\`, but the engine runs ${OSType} containers`;
    problems.push({ code: 'PREFLIGHT_FAILED', message, hint: `use a platform of ${OSType}, or another engine` });
  }
  return problems;
}

async function checkNetwork(engine: Engine, { network }: DockerConfig): Promise<Problem[]> {
  if (network === undefined || BUILT_IN_NETWORKS.test(network) || (await engine.networkExists(network))) return [];
  const hint = `create it with \`docker network create ${network}\`, or use bridge, host or none`;
  return [{ code: 'PREFLIGHT_FAILED', message: `\`network\` is \`${network}\`, which the engine does not know`, hint }];
}

/** The engine would create a missing folder as root, and the mistake would show much later. */
async function checkHostPaths(engine: Engine, config: DockerConfig, ctx: RunContext): Promise<Problem[]> {
  if (!engine.endpoint.local) return [];
  const volumes = Object.keys(config.volumes ?? {}).filter(isHostPath);
  const devices = (config.devices ?? []).map((text) => (device(text) as { PathOnHost: string }).PathOnHost);
  const checks = [
    ...volumes.map((file) => ['volumes', file] as const),
    ...devices.map((file) => ['devices', file] as const),
  ];
  const problems = checks.map(async ([prop, file]): Promise<Problem[]> => {
    const there = await exists(ctx.resolvePath(file));
    if (there) return [];
    return [
      {
        code: 'PREFLIGHT_FAILED',
        message: `\`${prop}\` names \`${file}\`, which is not there`,
        hint: 'create it, or correct the path',
      },
    ];
  });
  return (await Promise.all(problems)).flat();
}

/** That no foreign file is in the way is checked where outputs are written. */
async function checkOutput({ exportPath }: DockerConfig, ctx: RunContext): Promise<Problem[]> {
  if (exportPath === undefined) return [];
  const isFolder =
    /[/\\]$/.test(exportPath) ||
    (await fs.stat(ctx.resolvePath(exportPath)).then(
      (stat) => stat.isDirectory(),
      () => false,
    ));
  if (!isFolder) return [];
  const hint = `name the file in it, such as \`${path.join(exportPath, 'image.tar')}\``;
  return [
    { code: 'PREFLIGHT_FAILED', message: `\`exportPath\` is \`${exportPath}\`, a folder, and a file is needed`, hint },
  ];
}

async function checkLogin(engine: Engine, config: DockerConfig, ctx: RunContext): Promise<Problem[]> {
  const server = config.loginServer;
  const auth = givenAuth(server === undefined ? DOCKER_HUB : hostOf(server), config);
  if (!auth || server === undefined) return [];
  try {
    await engine.login(auth, ctx.signal);
    return [];
  } catch (error) {
    ctx.signal.throwIfAborted();
    return [
      toProblem(
        failed('ACCESS_DENIED', `the login to ${server} as \`${auth.username}\` was refused`, error, LOGIN_HINT),
      ),
    ];
  }
}

const LOGIN_HINT =
  'check `loginServer`, `loginUsername` and `loginPassword`; where they are left out, what `docker login` stored is used';

async function exists(file: string): Promise<boolean> {
  return fs.stat(file).then(
    () => true,
    () => false,
  );
}
