import * as path from 'node:path';
import { GoldsmithError } from '../errors';
import type { Artifact } from '../extension/artifact';
import type { CheckResult } from '../extension/check';
import type { PollOptions, ProvisionContext, ResourceContext, RunContext, Trust } from '../extension/context';
import type { BuildNode, PlanNode } from '../plan/schema';
import { writeOutput } from './files';
import type { RedactedStream } from './redact';
import type { Scope } from './scope';
import type { Services } from './services';

/** Where in the run a context is. */
export interface Place {
  readonly node: PlanNode;
  readonly step?: string | undefined;
  readonly signal: AbortSignal;
}

/** A context together with what ends it: output that was held back is shown then. */
export interface Held<T> {
  readonly ctx: T;
  flush(): void;
}

/** The context of anything that runs. */
export function runContext(services: Services, { node, step, signal }: Place): Held<RunContext> {
  const streams = new Map<'stdout' | 'stderr', RedactedStream>();
  const where = { node: node.id, step };
  const show = (stream: 'stdout' | 'stderr', text: string): void => {
    if (text !== '') services.emit({ type: 'output', ...where, stream, text });
  };
  const ctx: RunContext = {
    signal,
    clock: services.clock,
    projectDir: services.projectDir,
    stateDir: services.stateDir,
    tempDir: services.tempDir,
    env: services.env,
    run: services.run,
    node: { id: node.id, ...(node.kind === 'build' && { image: node.image, source: lastPart(node.id) }) },
    output(text, stream = 'stdout') {
      let redacted = streams.get(stream);
      if (!redacted) streams.set(stream, (redacted = services.redactor.stream()));
      show(stream, redacted.push(text));
    },
    say: (text) => services.emit({ type: 'message', level: 'info', ...where, text }),
    warn: (text) => services.emit({ type: 'message', level: 'warning', ...where, text }),
    progress: (progress) => services.emit({ type: 'progress', ...where, ...progress }),
    secret: (value) => void services.redactor.add(value),
    resolvePath: (file) => path.resolve(services.projectDir, file),
    trust: trustOf(services),
    poll: (what, probe, options) => poll(services, signal, what, probe, options),
  };
  return {
    ctx,
    flush() {
      for (const [stream, redacted] of streams) show(stream, redacted.end());
    },
  };
}

/** What was taken on trust lives in the lock file. `--locked` forbids to add to it, and `update` to forget it. */
function trustOf({ lock, settings, clock }: Services): Trust {
  return {
    recorded: async (subject) => (await lock.trusted(subject))?.value,
    record: async (subject, value) => {
      if (settings.locked) {
        throw new GoldsmithError(
          'LOCKED',
          `${subject} is not in goldsmith.lock.json, and --locked forbids to take it on trust`,
          { hint: 'build once without --locked, and commit the lock file' },
        );
      }
      return (await lock.trust(subject, { value, at: new Date(clock.now()).toISOString() })).value;
    },
  };
}

/**
 * The context of what may create things.
 *
 * @param holds whether outputs wait until the image has passed its verifications
 */
export function resourceContext(
  services: Services,
  place: Place,
  scope: Scope,
  previous: Artifact | undefined,
  holds = false,
): Held<ResourceContext> {
  const { ctx, flush } = runContext(services, place);
  return {
    flush,
    ctx: {
      ...ctx,
      force: services.settings.force,
      previous,
      labels: {
        'dev.goldsmith.app': services.run.app,
        'dev.goldsmith.run': services.run.id,
        'dev.goldsmith.node': place.node.id,
      },
      acquire: (kind, locator, create) => scope.acquire(kind, locator, place.signal, create),
      keep: async (resource) => scope.keep(resource),
      release: (resource) => scope.release(resource),
      writeOutput: (output, write, options = {}) =>
        writeOutput(output, write, options, { scope, services, signal: place.signal, holds }),
    },
  };
}

/** The context of a provisioner or verification. */
export function provisionContext(
  services: Services,
  place: Place,
  variables: Readonly<Record<string, string>>,
): Held<ProvisionContext> {
  const { ctx, flush } = runContext(services, place);
  return {
    flush,
    ctx: {
      ...ctx,
      variables,
      interactive: services.settings.interactive,
      ask: (question, fallback) => services.ask(place.node.id, question, fallback, place.signal),
      check: (result) => noteCheck(result, services, place),
    },
  };
}

function noteCheck(result: CheckResult, services: Services, { node, step = node.id }: Place): void {
  const clean = services.redactor.cleanDeep(result);
  services.checks.set(node.id, [...(services.checks.get(node.id) ?? []), clean]);
  services.emit({ type: 'check', node: node.id, step, ...clean });
}

/** What scripts see of the build: Packer's names, so that scripts move over unchanged, and ours. */
export function variablesOf(node: BuildNode, services: Services): Readonly<Record<string, string>> {
  const source = lastPart(node.id);
  return {
    PACKER_BUILD_NAME: source,
    PACKER_BUILDER_TYPE: node.source.use,
    PACKER_RUN_UUID: services.run.id,
    GOLDSMITH_APP: services.run.app,
    GOLDSMITH_BUILD: node.id,
    GOLDSMITH_IMAGE: node.image,
    GOLDSMITH_SOURCE: source,
    GOLDSMITH_PLATFORM: node.source.use,
    GOLDSMITH_RUN: services.run.id,
  };
}

function lastPart(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}

async function poll<T>(
  { clock }: Services,
  signal: AbortSignal,
  what: string,
  probe: () => Promise<T | undefined>,
  { timeout = 300_000, interval = 100, maxInterval = 5_000 }: PollOptions = {},
): Promise<T> {
  const end = clock.now() + timeout;
  for (let wait = interval; ; wait = Math.min(wait * 2, maxInterval)) {
    signal.throwIfAborted();
    const result = await probe();
    if (result !== undefined) return result;
    const left = end - clock.now();
    if (left <= 0) throw new GoldsmithError('STEP_TIMEOUT', `waited ${Math.round(timeout / 1000)} s for ${what}`);
    await clock.sleep(Math.min(wait, left), signal);
  }
}
