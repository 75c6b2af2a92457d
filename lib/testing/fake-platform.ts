import type { Construct } from 'constructs';
import type { BaseImage } from '../core/base-image';
import { Source } from '../core/source';
import { GoldsmithError, type Problem } from '../errors';
import type { Extension } from '../extension';
import type { PlatformExtension } from '../extension/platform';
import type { Json } from '../plan/json';
import type { FakeCommand, FakeShell } from './fake/communicator';
import { FakeDriver, type FakeServices } from './fake/driver';
import { Faults, untilAborted, type FakeCall, type FakeVerb, type FaultOptions, type Hold } from './fake/faults';
import { fakeBase, fakeSchema, type FakeConfig, type FakeConfigProps, type FakeSourceProps } from './fake/source';
import { FakeWorld, type FakeThing } from './fake/world';

/** Options of {@link fakePlatform}. */
export interface FakePlatformOptions {
  /**
   * Type key.
   * @default 'fake'
   */
  readonly use?: string;
  /**
   * Whether it keeps checkpoints.
   * @default true
   */
  readonly checkpoints?: boolean;
  /**
   * Whether what was built may be taken from the cache.
   * @default true
   */
  readonly cacheable?: boolean;
}

/** A platform in memory. */
export interface FakePlatform {
  /** Its source, to be used as any other: `new platform.Source(image, 'Fake')`. */
  readonly Source: new (scope: Construct, id: string, props?: FakeSourceProps) => Source<FakeSourceProps>;
  readonly extension: PlatformExtension<FakeConfigProps, FakeConfig>;
  /** For a run of a plan that was read from a file: the fake cannot be loaded by name. */
  readonly extensions: ReadonlyMap<string, Extension>;
  /** Every call so far, in order. */
  readonly calls: readonly FakeCall[];
  /** Every command that its machines ran, in order. */
  readonly commands: readonly FakeCommand[];
  /** What exists now. A machine that exists when a run is over was forgotten. */
  readonly machines: readonly FakeThing[];
  readonly images: readonly FakeThing[];
  readonly checkpoints: readonly FakeThing[];
  /** Problems that preflight finds: add to them. */
  readonly problems: Problem[];
  /** How often a verb was called. */
  count(verb: FakeVerb): number;
  /** The newest image that a build made. */
  imageOf(node: string): FakeThing | undefined;
  /** Moves what a base's name means. */
  publish(name: string, version: Json): void;
  /** Decides how commands end and what they print. */
  onCommand(shell: FakeShell): void;
  /** Makes the next call of a verb do something more, such as throw. */
  on(verb: FakeVerb, act: (call: FakeCall, signal: AbortSignal) => void | Promise<void>, options?: FaultOptions): void;
  /** Makes the next call of a verb fail; with `phase: 'created'` its answer is lost: what it made is there. */
  fail(verb: FakeVerb, options?: FaultOptions & { readonly error?: Error }): void;
  /** Makes the next call of a verb wait until it is cancelled. */
  hang(verb: FakeVerb, options?: FaultOptions): Hold;
  /** Stops the next call of a verb until it is released. */
  hold(verb: FakeVerb, options?: FaultOptions): Hold;
  /** Makes all deletions fail. */
  leak(): void;
  /** Nothing goes wrong any more. */
  heal(): void;
  /** Deletes an image or checkpoint, as somebody else might. */
  remove(id: string): void;
}

/**
 * A platform that exists in memory only: builds on it take no time, everything it does is written down, and everything may be made
 * to go wrong. Each one is a world of its own.
 *
 * @example
 * const fake = fakePlatform();
 * new fake.Source(web, 'Fake');
 * fake.fail('launch');
 * const report = await app.build();
 * expect(fake.machines).toEqual([]);
 */
export function fakePlatform(options: FakePlatformOptions = {}): FakePlatform {
  const use = options.use ?? 'fake';
  const world = new FakeWorld();
  const faults = new Faults();
  const services: FakeServices = {
    use,
    world,
    faults,
    commands: [],
    published: new Map(),
    problems: [],
    shell: () => undefined,
  };
  const extension: PlatformExtension<FakeConfigProps, FakeConfig> = {
    kind: 'platform',
    use,
    module: 'goldsmith/testing',
    schema: fakeSchema,
    captureProps: ['tags', 'discard'],
    nameProps: ['name'],
    passiveProps: ['note'],
    cacheable: options.cacheable ?? true,
    produces: ({ discard }) => (discard ? undefined : `${use}-image`),
    load: async (ctx) => {
      await faults.begin({ verb: 'load', node: ctx.node.id, about: '' }, ctx.signal);
      const driver = new FakeDriver(services);
      return options.checkpoints === false ? Object.assign(driver, { checkpoint: undefined }) : driver;
    },
  };

  class FakeSource extends Source<FakeSourceProps> {
    constructor(scope: Construct, id: string, given: FakeSourceProps = {}) {
      super(scope, id, given, extension);
    }

    base(): BaseImage {
      return fakeBase(use, this.props.base);
    }
  }

  const on: FakePlatform['on'] = (verb, act, fault) => faults.on(verb, act, fault);
  const stop = (verb: FakeVerb, fault: FaultOptions | undefined, until: 'aborted' | 'released'): Hold => {
    const reached = gate();
    const released = gate();
    const act = async (_call: FakeCall, signal: AbortSignal): Promise<void> => {
      reached.open();
      await (until === 'aborted' ? Promise.race([released.opened, untilAborted(signal)]) : released.opened);
    };
    on(verb, act, fault);
    return { reached: reached.opened, release: released.open };
  };

  return {
    Source: FakeSource,
    extension,
    extensions: new Map([[`platform ${use}`, extension]]),
    calls: faults.calls,
    commands: services.commands,
    problems: services.problems,
    get machines() {
      return world.all('machine');
    },
    get images() {
      return world.all('image');
    },
    get checkpoints() {
      return world.all('checkpoint');
    },
    count: (verb) => faults.calls.filter((call) => call.verb === verb).length,
    imageOf: (node) =>
      world
        .all('image')
        .filter((image) => image.node === node)
        .at(-1),
    publish: (name, version) => void services.published.set(name, version),
    onCommand: (shell) => void (services.shell = shell),
    on,
    fail: (verb, { error, ...fault } = {}) =>
      on(
        verb,
        () => {
          throw error ?? new GoldsmithError('PLATFORM_UNAVAILABLE', `${verb} fails, as the test wants it`);
        },
        fault,
      ),
    hang: (verb, fault) => stop(verb, fault, 'aborted'),
    hold: (verb, fault) => stop(verb, fault, 'released'),
    leak: () =>
      on(
        'destroy',
        () => {
          throw new GoldsmithError('PLATFORM_UNAVAILABLE', 'the platform refuses to delete, as the test wants it');
        },
        { times: Number.POSITIVE_INFINITY },
      ),
    heal: () => faults.clear(),
    remove: (id) => world.remove({ kind: '', id, token: '', locator: null }),
  };
}

function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}
