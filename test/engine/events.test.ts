import * as fs from 'node:fs';
import * as path from 'node:path';
import { Image } from '../../lib';
import { eventLineSchema } from '../../lib/reporters/event-schema';
import { EVENTS_VERSION } from '../../lib/reporters/json';
import { fakePlatform, virtualClock } from '../../lib/testing';
import { Check, Look, Note, Pack, Step } from '../helpers/extensions';
import { build, testApp } from '../helpers/lab';

function program() {
  const app = testApp();
  const fake = fakePlatform();
  const web = new Image(app, 'Web');
  new fake.Source(web, 'Fake');
  new Step(web, 'A', { run: 'a', maxRetries: 1 });
  new Look(web, 'Look', 'look');
  new Step(web, 'Logs', { run: 'logs', onFailure: true });
  new Check(web, 'Check', 'works');
  new Pack(web, 'Pack', { output: 'web.pack', keepInputArtifact: true });
  new Note(app, 'Note');
  return { app, fake, web };
}

test('a run tells in order what it does', async () => {
  const { app, fake } = program();
  fake.onCommand(({ command }) => ({ stdout: `${command} says hello\n` }));
  const { events } = await build(app, { parallel: 1 });
  const line = events.flatMap((event) => {
    switch (event.type) {
      case 'run-started':
        return `run of ${event.nodes.map(({ id }) => id).join(', ')}`;
      case 'node-started':
      case 'node-finished':
        return `${event.type} ${event.node}${'state' in event ? ` ${event.state}` : ''}`;
      case 'step-started':
        return `  ${event.step} ${event.attempt}`;
      case 'step-finished':
        return `  ${event.step} ${event.state}`;
      case 'output':
        return `    ${event.step}: ${event.text.trim()}`;
      case 'run-finished':
        return event.status;
      default:
        return [];
    }
  });
  expect(line).toEqual([
    'run of Web/Fake, Web/Check/Fake, Web/Pack/Fake, Note',
    'node-started Web/Fake',
    '  Web/Fake/launch 1',
    '  Web/Fake/launch succeeded',
    '  Web/Fake/connect 1',
    '  Web/Fake/connect succeeded',
    '  Web/A 1',
    '    Web/A: a says hello',
    '  Web/A succeeded',
    '  Web/Look 1',
    '    Web/Look: look says hello',
    '  Web/Look succeeded',
    '  Web/Fake/capture 1',
    '  Web/Fake/capture succeeded',
    'node-finished Web/Fake succeeded',
    'node-started Web/Check/Fake',
    '  Web/Check/Fake 1',
    '    Web/Check/Fake: works says hello',
    '  Web/Check/Fake succeeded',
    'node-finished Web/Check/Fake succeeded',
    'node-started Web/Pack/Fake',
    '  Web/Pack/Fake 1',
    '  Web/Pack/Fake succeeded',
    'node-finished Web/Pack/Fake succeeded',
    'node-started Note',
    '  Note 1',
    '  Note succeeded',
    'node-finished Note succeeded',
    'succeeded',
  ]);
});

test('the first event announces nodes with their steps, so that reporters know what is to come', async () => {
  const { app } = program();
  const { events } = await build(app);
  expect(events.find(({ type }) => type === 'run-started')).toMatchObject({
    app: 'test',
    parallel: 16,
    nodes: [
      {
        id: 'Web/Fake',
        kind: 'build',
        use: 'fake',
        dependsOn: [],
        steps: [
          { id: 'Web/Fake/launch', use: 'launch' },
          { id: 'Web/Fake/connect', use: 'connect' },
          { id: 'Web/A', use: 'step' },
          { id: 'Web/Look', use: 'look' },
          { id: 'Web/Logs', use: 'step' },
          { id: 'Web/Fake/capture', use: 'capture' },
        ],
      },
      { id: 'Web/Check/Fake', kind: 'verify', steps: [{ id: 'Web/Check/Fake', use: 'check' }] },
      { id: 'Web/Pack/Fake', kind: 'process' },
      { id: 'Note', kind: 'process' },
    ],
  });
});

test('events are numbered without gaps, carry the clock’s time, and are those of the run’s folder', async () => {
  const { app } = program();
  const clock = virtualClock();
  const { events, report } = await build(app, { clock });
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_event, index) => index + 1));
  expect(new Set(events.map(({ time }) => time))).toEqual(new Set([clock.now()]));
  const written = fs.readFileSync(path.join(report.dir, 'events.jsonl'), 'utf8').trim().split('\n');
  expect(written.map((one) => JSON.parse(one) as unknown)).toEqual(JSON.parse(JSON.stringify(events)));
});

test('every event is as docs/events.md says', async () => {
  const { app, fake } = program();
  const one = await build(app);
  fake.onCommand(({ command }) => (command === 'a' ? { code: 1, stderr: 'oh no' } : undefined));
  const two = await build(app, { force: true });
  const three = await build(app);
  for (const event of [...one.events, ...two.events, ...three.events]) {
    const { success, error } = eventLineSchema.safeParse({ v: EVENTS_VERSION, ...JSON.parse(JSON.stringify(event)) });
    expect({ event, success, issues: error?.issues }).toEqual({ event, success: true, issues: undefined });
  }
});

test('resources are told of from creation to deletion', async () => {
  const { app } = program();
  const { events } = await build(app, { select: ['Web/Fake'], checkpoints: false });
  const phases = events.flatMap((event) =>
    event.type === 'resource' && event.node === 'Web/Fake' ? [`${event.kind} ${event.phase} ${event.id ?? '-'}`] : [],
  );
  expect(phases).toEqual([
    'fake:machine creating -',
    'fake:machine created machine-1',
    'fake:image creating -',
    'fake:image created image-2',
    'fake:image kept image-2',
    'fake:machine destroying machine-1',
    'fake:machine destroyed machine-1',
  ]);
});
