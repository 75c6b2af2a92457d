import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { HAS_SSHD, startSshd, type Sshd } from './sshd';

/** As much of a machine as namespaces give: a network of its own behind a cable, processes of its own, and a boot id. */
export interface OwnMachine extends Sshd {
  readonly bootId: () => string;
  /** Pulls the cable: nobody is told. */
  unplug(): void;
  plug(): void;
  /** Starts it again with another boot id; it went down by itself, as by `kill 1`. */
  boot(): Promise<void>;
}

/** Whether there can be such a machine here. */
export const HAS_NAMESPACES =
  HAS_SSHD &&
  spawnSync('unshare', ['--net', '--mount', '--pid', '--fork', 'true']).status === 0 &&
  spawnSync('ip', ['netns', 'list']).status === 0;
/** How to get one. */
export const NO_NAMESPACES = 'there is no sshd, no ip or no unshare that works: run the tests as root, with iproute2';

/** Starts one. */
export async function startOwnMachine(config: readonly string[] = []): Promise<OwnMachine> {
  const name = `gs${randomBytes(4).toString('hex')}`;
  // RFC 2544, C.2.2: addresses for tests of networks.
  const net = `198.18.${randomBytes(1)[0]}`;
  const near = `${name}h`;
  const ip = (...args: string[]): void => void execFileSync('ip', args);
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-machine-'));
  const bootFile = path.join(dir, 'boot_id');
  const newBoot = (): void => fs.writeFileSync(bootFile, `${randomBytes(16).toString('hex')}\n`);
  newBoot();
  ip('netns', 'add', name);
  ip('link', 'add', near, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
  ip('addr', 'add', `${net}.1/30`, 'dev', near);
  ip('link', 'set', near, 'up');
  ip('-n', name, 'addr', 'add', `${net}.2/30`, 'dev', 'eth0');
  ip('-n', name, 'link', 'set', 'eth0', 'up');
  const boot = `mount --bind ${bootFile} /proc/sys/kernel/random/boot_id && exec "$@"`;
  const within = ['ip', 'netns', 'exec', name, 'unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const end = (): void => {
    ip('link', 'del', near);
    ip('netns', 'del', name);
    fs.rmSync(dir, { recursive: true, force: true });
  };
  try {
    const sshd = await startSshd({ config, host: `${net}.2`, within: [...within, 'sh', '-c', boot, 'sh'] });
    return {
      ...sshd,
      bootId: () => fs.readFileSync(bootFile, 'utf8').trim(),
      unplug: () => ip('link', 'set', near, 'down'),
      plug: () => ip('link', 'set', near, 'up'),
      boot: async () => {
        await sshd.ended();
        newBoot();
        await sshd.restart();
      },
      stop: async () => {
        await sshd.stop();
        end();
      },
    };
  } catch (error) {
    end();
    throw error;
  }
}
