import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { systemClock } from '../engine/clock';
import { resourceContext } from '../engine/context';
import { destroyResource } from '../engine/destroy';
import type { RunEventBody } from '../engine/events';
import { FILE_KIND, fileExists } from '../engine/files';
import { FileJournal, outstanding, readJournal, type Journal, type JournalRecord } from '../engine/journal';
import { openServices } from '../engine/open';
import { Redactor } from '../engine/redact';
import { Scope } from '../engine/scope';
import type { Services } from '../engine/services';
import type { Artifact, ResourceRecord } from '../extension/artifact';
import type { ResourceContext } from '../extension/context';
import type { Checkpoint, LaunchFrom, Machine, PlatformDriver } from '../extension/platform';
import type { Plan } from '../plan/schema';
import type { DriverSubject } from './conformance';

/** What one machine's life leaves: kept until {@link DriverLab.end}. */
export interface Life {
  readonly machine: Machine;
  readonly checkpoint: Checkpoint | undefined;
  readonly artifact: Artifact | undefined;
}

/** How a life is disturbed. */
export interface Disturbance {
  /** Cancelled when the driver looks at its context for this time. */
  readonly cancelAt?: number;
  /** Nothing more happens once this journal record is written: the process was killed. */
  readonly killAfter?: number;
  /** Nothing more happens when this journal record should be written. */
  readonly killBefore?: number;
  /** It ends before what was captured is published. */
  readonly unpublished?: boolean;
}

/** Raised where a disturbance ends a life. */
export class Disturbed extends Error {}

const NODE = 'Conformance/Subject';

/** A place to try one driver in: folders, a journal and a scope of its own, as the engine gives them. */
export class DriverLab {
  static async open(subject: DriverSubject, run: string): Promise<DriverLab> {
    return new DriverLab(subject, run, await fs.mkdtemp(path.join(os.tmpdir(), 'goldsmith-conformance-')));
  }

  /** All that the driver said and the engine noted. */
  readonly events: RunEventBody[] = [];
  /** How often the driver looked at its context. */
  looks = 0;
  private readonly services: Services;
  private readonly scope: Scope;
  private readonly canceller = new AbortController();
  private readonly killed = new AbortController();
  private records = 0;
  private disturbance: Disturbance = {};
  private journal: Promise<Journal> | undefined;

  private constructor(
    private readonly subject: DriverSubject,
    run: string,
    private readonly dir: string,
  ) {
    this.services = this.open(run);
    this.scope = new Scope(NODE, this.services);
  }

  get driver(): Promise<PlatformDriver> {
    return this.services.extensions.driver(this.subject.extension.use, this.context());
  }

  /** What the subject's config is for its driver. */
  get config(): unknown {
    return this.subject.extension.schema.parse(this.subject.config ?? {});
  }

  /** Where a machine of the subject starts. */
  get base(): LaunchFrom {
    return { kind: 'base', base: this.subject.base };
  }

  /** Everything once: launch, connect, a command, a checkpoint, capture. */
  async live(disturbance: Disturbance = {}): Promise<Life> {
    this.disturbance = disturbance;
    const dead = new Promise<never>((_resolve, reject) =>
      this.killed.signal.addEventListener('abort', () => reject(new Disturbed('killed')), { once: true }),
    );
    return Promise.race([this.steps(), dead]);
  }

  /** Destroys what is not kept, as the engine does when a node ends. A process that was killed does nothing more. */
  async end(): Promise<void> {
    this.disturbance = {};
    if (!this.killed.signal.aborted) await this.scope.close();
  }

  /** All that the journal says may be there, in the order in which to delete it. */
  async made(): Promise<readonly ResourceRecord[]> {
    const { records } = await readJournal(this.journalFile);
    return outstanding(records).map(({ resource }) => resource);
  }

  /** Destroys it, as `recover` does for a process that died. */
  async recover(): Promise<void> {
    for (const resource of await this.made()) await this.destroy(resource);
  }

  /** What the driver finds of this run by its tags; undefined where it cannot. */
  async find(): Promise<readonly ResourceRecord[] | undefined> {
    return (await this.driver).find?.(this.services.run.id, this.context());
  }

  /** Destroys one thing, in a context that nobody has cancelled. */
  async destroy(resource: ResourceRecord): Promise<void> {
    this.disturbance = {};
    await destroyResource(resource, this.services.extensions, this.context(new AbortController().signal));
  }

  async exists(resource: ResourceRecord): Promise<boolean> {
    if (resource.kind === FILE_KIND) return fileExists(resource, this.dir);
    return (await this.driver).exists(resource, this.context(new AbortController().signal));
  }

  /** A context as drivers get it; each look at it is counted, and may be the one at which the run is cancelled. */
  context(signal: AbortSignal = this.canceller.signal): ResourceContext {
    const node = this.services.plan.nodes[0]!;
    const { ctx } = resourceContext(this.services, { node, signal }, this.scope, undefined);
    return new Proxy(ctx, {
      get: (target, property) => {
        this.looks += 1;
        if (this.looks === this.disturbance.cancelAt) this.canceller.abort(new Disturbed('cancelled'));
        return Reflect.get(target, property) as unknown;
      },
    });
  }

  /** All that was written or shown, as one text. */
  async everythingShown(): Promise<string> {
    const journal = await fs.readFile(this.journalFile, 'utf8').catch(() => '');
    return `${JSON.stringify(this.events)}\n${journal}`;
  }

  async close(): Promise<void> {
    await this.services.extensions.close();
    await this.journal?.then((journal) => journal.close());
    await fs.rm(this.dir, { recursive: true, force: true });
  }

  private async steps(): Promise<Life> {
    const { config } = this;
    const driver = await this.driver;
    const ctx = this.context();
    const machine = await driver.launch(config, this.base, ctx);
    const communicator = await driver.connect(machine, config, ctx);
    await communicator.exec(this.subject.command ?? 'true', { signal: ctx.signal });
    await communicator.close();
    const checkpoint = await driver.checkpoint?.(machine, config, ctx);
    const captured = await driver.capture(machine, config, ctx);
    if (!captured || !driver.publish || this.disturbance.unpublished) {
      return { machine, checkpoint, artifact: captured };
    }
    const publishing = { ...ctx, recordSoFar: () => Promise.resolve() };
    return { machine, checkpoint, artifact: await driver.publish(captured, config, publishing) };
  }

  private get journalFile(): string {
    return path.join(this.dir, 'journal.jsonl');
  }

  /** Appends, and never answers again once the process counts as killed. */
  private async append(record: JournalRecord): Promise<void> {
    const { killBefore, killAfter } = this.disturbance;
    this.records += 1;
    if (this.records === killBefore) this.killed.abort();
    if (!this.killed.signal.aborted) {
      this.journal ??= FileJournal.open(this.journalFile);
      await (await this.journal).append(record);
    }
    if (this.records === killAfter) this.killed.abort();
    if (this.killed.signal.aborted) await new Promise(() => undefined);
  }

  private open(run: string): Services {
    const { extension, config = {} } = this.subject;
    const source = { id: NODE, use: extension.use, config };
    const plan: Plan = {
      schema: '1.0',
      app: 'conformance',
      modules: { [extension.use]: extension.module },
      lookups: {},
      assets: {},
      metadata: {},
      nodes: [
        {
          kind: 'build',
          id: NODE,
          image: 'Conformance',
          dependsOn: [],
          source,
          provisioners: [],
          digest: '0'.repeat(64),
        },
      ],
    };
    const options = {
      projectDir: this.dir,
      env: this.subject.env ?? {},
      extensions: new Map([[`platform ${extension.use}`, extension]]),
      ...(this.subject.stateDir !== undefined && { stateDir: this.subject.stateDir }),
    };
    return openServices(plan, options, {
      run: { id: run, app: 'conformance', startedAt: systemClock.now() },
      tempDir: this.dir,
      journal: { append: (record) => this.append(record), close: () => Promise.resolve() },
      redactor: new Redactor(),
      forced: new Set(),
      emit: (event) => void this.events.push(event),
    });
  }
}
