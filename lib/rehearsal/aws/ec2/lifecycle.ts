import { messageOf } from '../../../errors';
import type { Instance, State } from '../types';
import type { World } from '../world';
import { TAKES } from './durations';
import { hostOf } from './host';
import { originOf } from './snapshots';
import { forget } from './volumes';

/** Does something with an instance after all that is done with it already. */
function next(world: World, instance: Instance, step: () => Promise<void>): Promise<void> {
  instance.work = world.meanwhile(instance.work.then(step));
  return instance.work;
}

/** Waits for what takes `ms` in life, and notes how much of that was left out. */
async function pass(world: World, instance: Instance, ms: number): Promise<void> {
  world.inventory.skipped(instance.id, ms - world.pace.scaled(ms));
  await world.pace.wait(ms);
}

/** From pending to running: its machine is put together meanwhile. */
export function begin(world: World, instance: Instance): void {
  void next(world, instance, async () => {
    const root = world.volumes
      .all()
      .find(
        ({ attachment }) => attachment?.instance === instance.id && attachment.device === instance.image.rootDevice,
      );
    try {
      const host = hostOf(world, instance);
      const origin = await originOf(world.snapshots.find(root?.snapshot));
      await Promise.all([pass(world, instance, TAKES.start), host.boot(origin)]);
    } catch (error) {
      if (instance.state !== 'pending') return;
      world.warn(`instance ${instance.id} cannot start: ${messageOf(error)}`);
      await end(world, instance, {
        code: 'Server.InternalError',
        message: 'Server.InternalError: Internal error on launch',
      });
      return;
    }
    if (instance.state !== 'pending') return;
    run(world, instance);
    if (instance.spotRequest !== undefined && world.trouble.strikes('spotInterruptions')) takeAway(world, instance);
  });
}

function run(world: World, instance: Instance): void {
  instance.state = 'running';
  const { id } = instance;
  void world.meanwhile(
    (async () => {
      await pass(world, instance, TAKES.boot);
      // It may have been stopped meanwhile.
      if (instance.state === 'running') hostOf(world, instance).ready = true;
      hostOf(world, instance).log(`${id} login:`);
    })(),
  );
}

/** A spot instance ends when its capacity is wanted by others. */
function takeAway(world: World, instance: Instance): void {
  void world.meanwhile(
    (async () => {
      await world.pace.wait(TAKES.spot * world.dice.next());
      const request = world.spotRequests.find(instance.spotRequest);
      if (request) Object.assign(request, { state: 'closed', status: 'instance-terminated-no-capacity' });
      terminate(world, instance, {
        code: 'Server.SpotInstanceTermination',
        message: 'Server.SpotInstanceTermination: Spot instance termination',
      });
    })(),
  );
}

/** StopInstances, for one. */
export function stop(world: World, instance: Instance): State {
  const before = instance.state;
  if (before !== 'running' && before !== 'pending') return before;
  instance.state = 'stopping';
  instance.stateReason = {
    code: 'Client.UserInitiatedShutdown',
    message: 'Client.UserInitiatedShutdown: User initiated shutdown',
  };
  instance.transition = userInitiated(world);
  void next(world, instance, async () => {
    await Promise.all([pass(world, instance, TAKES.stop), hostOf(world, instance).stop()]);
    if (instance.state === 'stopping') instance.state = 'stopped';
  });
  return before;
}

/** StartInstances, for one that is stopped. */
export function start(world: World, instance: Instance): State {
  const before = instance.state;
  if (before !== 'stopped') return before;
  instance.state = 'pending';
  instance.stateReason = undefined;
  instance.transition = '';
  void next(world, instance, async () => {
    await pass(world, instance, TAKES.start);
    if (instance.state === 'pending') run(world, instance);
  });
  return before;
}

/** RebootInstances, for one: its address and its disk stay. */
export function reboot(world: World, instance: Instance): void {
  if (instance.state !== 'running') return;
  const host = hostOf(world, instance);
  host.ready = false;
  void next(world, instance, async () => {
    await host.stop();
    await pass(world, instance, TAKES.boot);
    if (instance.state === 'running') host.ready = true;
  });
}

/** TerminateInstances, for one. */
export function terminate(world: World, instance: Instance, reason = USER_ENDED): State {
  const before = instance.state;
  if (before === 'terminated' || before === 'shutting-down') return before;
  instance.state = 'shutting-down';
  instance.stateReason = reason;
  instance.transition = userInitiated(world);
  const host = hostOf(world, instance);
  host.ready = false;
  host.front?.hangUp();
  void next(world, instance, () => end(world, instance, reason));
  return before;
}

const USER_ENDED = {
  code: 'Client.UserInitiatedShutdown',
  message: 'Client.UserInitiatedShutdown: User initiated shutdown',
};

async function end(world: World, instance: Instance, reason: NonNullable<Instance['stateReason']>): Promise<void> {
  instance.state = 'shutting-down';
  instance.stateReason = reason;
  // An image that is being made of it takes its files first: freezing was begun before, and this waits for that.
  await Promise.all([pass(world, instance, TAKES.terminate), hostOf(world, instance).destroy()]);
  for (const volume of world.volumes.all()) {
    const { attachment } = volume;
    if (attachment?.instance !== instance.id) continue;
    if (attachment.deleteOnTermination) forget(world, volume.id);
    else {
      const disk = await volume.disk;
      if (disk !== undefined) await world.drives?.detach(disk);
      Object.assign(volume, { attachment: undefined, state: 'available' });
    }
  }
  instance.state = 'terminated';
  instance.endedAt = world.pace.now();
  world.inventory.deleted(instance.id, instance.endedAt);
}

function userInitiated(world: World): string {
  return `User initiated (${new Date(world.pace.now()).toISOString().slice(0, 19).replace('T', ' ')} GMT)`;
}
