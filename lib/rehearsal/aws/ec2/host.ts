import { noAddress, type SshFront, type Door } from '../../machines/ssh-front';
import { readUserData, type UserData } from '../../machines/cloud-config';
import { LOGIN_USERS, runIn, setUp } from '../../machines/guest';
import type { Computer, Origin } from '../../machines/computer';
import type { Instance } from '../types';
import type { World } from '../world';
import { letsIn } from './groups';
import { plugAll } from './volume-disks';

const hosts = new WeakMap<World, Map<string, Host>>();

/** The machine behind an instance. */
export function hostOf(world: World, instance: Instance): Host {
  const host = hosts.get(world)?.get(instance.id);
  if (host) return host;
  throw noAddress();
}

/** Remembers the machine behind an instance. */
export function addHost(world: World, id: string, host: Host): void {
  const all = hosts.get(world) ?? new Map<string, Host>();
  hosts.set(world, all.set(id, host));
}

/** Ends the machines of all instances. */
export async function closeHosts(world: World): Promise<void> {
  await Promise.all([...(hosts.get(world)?.values() ?? [])].map((host) => host.destroy()));
}

/** What really runs for an instance: a computer, and the SSH server in front of it. */
export class Host implements Door {
  front: SshFront | undefined;
  /** Whether the machine has booted so far that it answers. */
  ready = false;
  private machine: Promise<Computer> | undefined;
  private hasSudo = false;
  /** Images that are being made of it: one after the other, and none of a machine that is being deleted. */
  private freezing: Promise<unknown> = Promise.resolve();
  private readonly userData: UserData;
  private readonly lines: string[] = [];

  constructor(
    private readonly world: World,
    private readonly instance: Instance,
  ) {
    this.userData = readUserData(instance.userData);
  }

  /** Puts the machine together and sets it up, as cloud-init does at the first start. */
  async boot(origin: Origin | undefined): Promise<void> {
    this.front?.identify(this.userData.hostKeys);
    if (!this.world.room.hasMachines || origin === undefined) return;
    this.machine = this.world.room.launch(origin);
    // Whoever waits for it hears of a failure; this one is not to be without anybody who does.
    this.machine.catch(() => undefined);
    const computer = await this.machine;
    await plugAll(this.world, this.instance, computer);
    this.hasSudo = await setUp(computer, this.users(), this.defaultKeys());
    this.log('Cloud-init finished.');
    const { script } = this.userData;
    if (script === undefined) return;
    const { code, stdout, complaint } = await runIn(
      computer,
      'cat > /tmp/user-data && chmod 700 /tmp/user-data && /tmp/user-data; s=$?; rm -f /tmp/user-data; exit $s',
      {},
      script,
    );
    this.log(`${stdout.toString('utf8')}${complaint}\nuser-data ended with status ${code}`);
  }

  /** Ends what runs; the disk stays. */
  async stop(): Promise<void> {
    this.ready = false;
    this.front?.hangUp();
    await (await this.machine)?.stop();
  }

  /** What its disk is now. */
  async freeze(): Promise<Origin | undefined> {
    this.front?.hangUp();
    const taken = this.freezing.then(async () => (await this.machine)?.freeze());
    this.freezing = taken.catch(() => undefined);
    return taken;
  }

  /** Takes a machine that is there already. */
  adopt(computer: Computer): void {
    this.machine = Promise.resolve(computer);
  }

  /** The machine, where it was put together already. */
  async running(): Promise<Computer | undefined> {
    return this.machine?.catch(() => undefined);
  }

  /** Deletes it. */
  async destroy(): Promise<void> {
    this.ready = false;
    await this.front?.close();
    this.front = undefined;
    await this.freezing;
    await (await this.machine?.catch(() => undefined))?.destroy();
    this.machine = undefined;
  }

  /** What its console shows. */
  get console(): string {
    return this.lines.join('\n');
  }

  /** Adds a line to the console. */
  log(line: string): void {
    this.lines.push(line);
  }

  isOpen(): boolean {
    const { world, instance } = this;
    const groups = instance.groups.map((id) => world.groups.find(id));
    return this.ready && this.machine !== undefined && groups.some((group) => group && letsIn(group, 22));
  }

  keysOf(user: string): readonly string[] | undefined {
    const own = this.userData.users.find(({ name }) => name === user)?.keys ?? [];
    return this.users().includes(user) || user === 'root' ? [...this.defaultKeys(), ...own] : undefined;
  }

  async computer(): Promise<Computer> {
    const computer = await this.machine;
    if (computer) return computer;
    throw noAddress();
  }

  runAs(user: string): string | undefined {
    return user === 'root' || !this.hasSudo ? undefined : user;
  }

  homeOf(user: string): string {
    return user === 'root' ? '/root' : `/home/${user}`;
  }

  private users(): readonly string[] {
    const named = this.userData.users.map(({ name }) => name).filter((name) => /^[a-z_][\w-]*$/.test(name));
    return [...new Set([...LOGIN_USERS, ...named])].filter((name) => name !== 'root');
  }

  private defaultKeys(): readonly string[] {
    const { publicKey } = this.instance;
    return [...(publicKey === undefined ? [] : [publicKey]), ...this.userData.keys];
  }
}
