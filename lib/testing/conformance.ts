import { FILE_KIND } from '../engine/files';
import type { ResourceRecord } from '../extension/artifact';
import type { PlatformExtension } from '../extension/platform';
import type { Json, JsonObject } from '../plan/json';
import { DriverLab, type Life } from './conformance-lab';

/** A driver to be tried, and how to see what it leaves behind. */
export interface DriverSubject<C = unknown, Out = unknown> {
  readonly extension: PlatformExtension<C, Out>;
  /**
   * Config of its source, as a plan has it.
   * @default {}
   */
  readonly config?: JsonObject;
  /**
   * What its machines start from, as a lookup resolves it.
   * @default - nothing
   */
  readonly base?: Json;
  /**
   * A command that works on its machines.
   * @default 'true'
   */
  readonly command?: string;
  /** @default - empty */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * State folder, for platforms that keep things in it: all tests share it.
   * @default - one for each test
   */
  readonly stateDir?: string;
  /** Names everything that exists on the platform and that the tests may have made: asked of the platform, not of the driver. */
  remains(): Promise<readonly string[]>;
  /**
   * Has `before` called (and waits for it) before each call to the platform's API. Returns how to end that.
   * @default - calls cannot be made to fail, and the tests that need it are left out
   */
  intercept?(before: (call: string) => Promise<void>): () => void;
  /**
   * Secrets in config or environment: the tests look for them in all that is shown.
   * @default - none
   */
  readonly secrets?: readonly string[];
  /**
   * At how many places at most each kind of disturbance is tried: fewer where a machine is slow.
   * @default 50
   */
  readonly places?: number;
}

/** Which functions make tests: those of jest, vitest, mocha or node:test. */
export interface DriverTestOptions {
  /** @default - the global one */
  readonly describe?: (name: string, body: () => void) => void;
  /** @default - the global one */
  readonly test?: (name: string, body: () => Promise<void>) => void;
}

/**
 * The tests that every driver must pass: what it makes it can find and delete again, whatever goes wrong in between, and nothing is ever
 * forgotten.
 *
 * @param subject called for each test
 * @example
 * describeDriver('acme', () => ({ extension: acme, base: 'acme-linux-9', remains: () => cloud.list() }));
 */
export function describeDriver<C, Out>(
  name: string,
  subject: () => DriverSubject<C, Out> | Promise<DriverSubject<C, Out>>,
  options: DriverTestOptions = {},
): void {
  const globals = globalThis as unknown as Required<DriverTestOptions>;
  const describe = options.describe ?? globals.describe;
  const test = options.test ?? globals.test;
  let run = 0;

  const it = (title: string, body: (trial: Trial) => Promise<void>): void => {
    test(title, async () => {
      const trial = new Trial(
        (await subject()) as unknown as DriverSubject,
        () => `conformance-${process.pid}-${(run += 1)}`,
      );
      try {
        await body(trial);
      } finally {
        await trial.close();
      }
    });
  };

  describe(`the driver of ${name}`, () => {
    it('makes what it says, and deletes it', (trial) => trial.wholeLife());
    it('starts one machine, or finds it, when it is launched twice with the same token', (trial) =>
      trial.sameTokenTwice());
    it('starts a machine from its checkpoint and from its artifact', (trial) => trial.startsAgain());
    it('deletes twice without a complaint', (trial) => trial.destroyTwice());
    it('does not complain about what is gone already or never was', (trial) => trial.destroyNothing());
    it('finds what it shall delete without an id', (trial) => trial.destroyByToken());
    it('finds all that a run has made by its tags, without the journal', (trial) => trial.findByTags());
    it('leaves nothing when it is cancelled, wherever that is', (trial) => trial.cancelEverywhere());
    it('leaves nothing when its process is killed before or after any journal record', (trial) =>
      trial.killEverywhere());
    it('leaves nothing when any one call to the platform fails', (trial) => trial.failEverywhere());
    it('shows no secret', (trial) => trial.showNoSecret());
  });
}

/** One test: labs on one subject, and what must hold. */
class Trial {
  private readonly labs: DriverLab[] = [];

  constructor(
    private readonly subject: DriverSubject,
    private readonly nextRun: () => string,
  ) {}

  async wholeLife(): Promise<void> {
    const lab = await this.lab();
    const life = await lab.live();
    for (const resource of resourcesOf(life)) {
      must(await lab.exists(resource), `${nameOf(resource)} does not exist, though it was made`);
    }
    await lab.end();
    await this.nothingRemains('after everything was deleted');
    for (const resource of resourcesOf(life)) {
      must(!(await lab.exists(resource)), `${nameOf(resource)} exists, though it was deleted`);
    }
  }

  async sameTokenTwice(): Promise<void> {
    const run = this.nextRun();
    const first = await this.lab(run);
    const second = await this.lab(run);
    await (await first.driver).launch(first.config, first.base, first.context());
    // The second try may find the first one's machine or say that it is there: both are right.
    await (await second.driver).launch(second.config, second.base, second.context()).catch(() => undefined);
    await second.end();
    await first.end();
    await this.nothingRemains('after a launch was repeated with the same token');
  }

  async startsAgain(): Promise<void> {
    const lab = await this.lab();
    const { checkpoint, artifact } = await lab.live();
    const driver = await lab.driver;
    const ctx = lab.context();
    if (checkpoint) {
      const machine = await driver.launch(lab.config, { kind: 'checkpoint', checkpoint }, ctx);
      await (await driver.connect(machine, lab.config, ctx)).close();
    }
    if (artifact) {
      const machine = await driver.launch(lab.config, { kind: 'artifact', artifact }, ctx);
      await (await driver.connect(machine, lab.config, ctx)).close();
    }
    await lab.end();
    await this.nothingRemains('after machines were started from a checkpoint and an artifact');
  }

  async destroyTwice(): Promise<void> {
    const lab = await this.lab();
    const life = await lab.live();
    for (const resource of [...resourcesOf(life), ...resourcesOf(life)].reverse()) await lab.destroy(resource);
    await lab.end();
    await this.nothingRemains('after everything was deleted twice');
  }

  async destroyNothing(): Promise<void> {
    const lab = await this.lab();
    const life = await lab.live();
    await lab.end();
    for (const resource of resourcesOf(life)) {
      await lab.destroy(resource);
      const { id: _id, ...unknown } = resource;
      await lab.destroy({ ...unknown, token: 'f'.repeat(20) });
      must(!(await lab.exists(resource)), `${nameOf(resource)} came back when it was deleted again`);
    }
    await this.nothingRemains('after what was gone was deleted');
  }

  async destroyByToken(): Promise<void> {
    const lab = await this.lab();
    const life = await lab.live();
    const made = await lab.made();
    const others = resourcesOf(life).filter(({ token }) => !made.some((one) => one.token === token));
    for (const { id: _id, ...resource } of [...others.reverse(), ...made]) await lab.destroy(resource);
    await this.nothingRemains('after everything was deleted by token and locator alone');
    await lab.end();
  }

  async findByTags(): Promise<void> {
    const [lab, other] = [await this.lab(), await this.lab()];
    // What is published may count as finished, which is no leftover of a run.
    const life = await lab.live({ unpublished: true });
    await other.live({ unpublished: true });
    const found = await lab.find();
    if (found) {
      const tokens = found.map(({ token }) => token);
      for (const resource of resourcesOf(life)) {
        if (resource.kind === FILE_KIND) continue;
        must(tokens.includes(resource.token), `${nameOf(resource)} is not found by the tags of its run`);
      }
      for (const resource of found) await lab.destroy(resource);
      for (const resource of resourcesOf(life)) {
        if (resource.kind === FILE_KIND) continue;
        must(!(await lab.exists(resource)), `${nameOf(resource)} could not be deleted by what was found`);
      }
    }
    await other.end();
    await lab.end();
    await this.nothingRemains('after what was found by tags was deleted');
  }

  async cancelEverywhere(): Promise<void> {
    const calm = await this.lab();
    await calm.live();
    const { looks } = calm;
    await calm.end();
    for (const cancelAt of this.some(looks)) {
      const lab = await this.lab();
      await lab.live({ cancelAt }).catch(() => undefined);
      await lab.end();
      await this.nothingRemains(`after it was cancelled at look ${cancelAt} of ${looks} at its context`);
      await this.closeLabs();
    }
  }

  async killEverywhere(): Promise<void> {
    for (let record = 1; ; record += 1) {
      let finished = false;
      for (const [when, kill] of [
        ['before', { killBefore: record }],
        ['after', { killAfter: record }],
      ] as const) {
        const lab = await this.lab();
        await lab.live(kill).then(
          () => (finished = true),
          () => undefined,
        );
        await lab.recover();
        await this.nothingRemains(`after its process was killed ${when} journal record ${record}`);
        await this.closeLabs();
      }
      if (finished) return;
    }
  }

  async failEverywhere(): Promise<void> {
    const { intercept } = this.subject;
    if (!intercept) return;
    const total = await this.countCalls(intercept);
    for (const failing of this.some(total)) {
      let count = 0;
      let failed = '';
      const stop = intercept.call(this.subject, async (call) => {
        count += 1;
        if (count !== failing) return;
        failed = call;
        throw new Error(`the call ${call} fails, as the test wants it`);
      });
      const lab = await this.lab();
      await lab.live().catch(() => undefined);
      await lab.end();
      stop();
      // What could not be deleted is still in the journal, and the next recovery gets it.
      await lab.recover();
      await this.nothingRemains(`after call ${failing} of ${total} (${failed}) failed`);
      await this.closeLabs();
    }
  }

  async showNoSecret(): Promise<void> {
    const lab = await this.lab();
    await lab.live();
    await lab.end();
    const shown = await lab.everythingShown();
    for (const [index, secret] of (this.subject.secrets ?? []).entries()) {
      for (const form of [secret, Buffer.from(secret).toString('base64'), encodeURIComponent(secret)])
        must(!shown.includes(form), `secret number ${index} is in the events or the journal`);
    }
  }

  async close(): Promise<void> {
    for (const lab of this.labs) await lab.end().catch(() => undefined);
    await this.closeLabs();
  }

  private async lab(run: string = this.nextRun()): Promise<DriverLab> {
    const lab = await DriverLab.open(this.subject, run);
    this.labs.push(lab);
    return lab;
  }

  private async closeLabs(): Promise<void> {
    for (const lab of this.labs.splice(0)) await lab.close();
  }

  private async countCalls(intercept: NonNullable<DriverSubject['intercept']>): Promise<number> {
    let count = 0;
    const stop = intercept.call(this.subject, () => Promise.resolve(void (count += 1)));
    const lab = await this.lab();
    await lab.live();
    await lab.end();
    stop();
    return count;
  }

  /** Numbers from 1 to `total`: all, or as many as are wanted, evenly spread. */
  private some(total: number): readonly number[] {
    const wanted = Math.min(total, this.subject.places ?? 50);
    const all = Array.from(
      { length: wanted },
      (_, index) => 1 + Math.round((index * (total - 1)) / Math.max(1, wanted - 1)),
    );
    return [...new Set(all)];
  }

  private async nothingRemains(when: string): Promise<void> {
    const left = await this.subject.remains();
    must(left.length === 0, `${when}, there is still: ${left.join(', ')}`);
  }
}

function resourcesOf({ machine, checkpoint, artifact }: Life): ResourceRecord[] {
  return [machine.resource, ...(checkpoint?.resources ?? []), ...(artifact?.resources ?? [])];
}

function nameOf({ kind, id, token }: ResourceRecord): string {
  return `${kind} ${id ?? token}`;
}

function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
