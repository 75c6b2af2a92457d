import type { RunEvent, RunEventBody } from '../../../lib/engine/events';
import { artifact, build } from './recorder';

const problem = {
  code: 'STEP_FAILED',
  message: 'it failed',
  path: 'Web/Nginx',
  source: 'images.ts:23',
  hint: 'try again',
  output: 'last line',
} as const;
const made = artifact('a', {
  description: 'web:1',
  files: [
    { path: 'a.tar', size: 1, sha256: 'b'.repeat(64) },
    { path: 'b', size: 0 },
  ],
  resources: [
    { kind: 'docker:image', id: 'x', token: 't', locator: { host: null, tags: ['a', 1, true] } },
    { kind: 'file', token: 't', locator: 'a.tar' },
  ],
  outputs: { imageId: 'x', layers: [1, { deep: false }] },
});
const check = { name: 'port 80/tcp', state: 'failed', wrong: ['is not listened at'] } as const;
const full = {
  duration: 12.5,
  artifact: made,
  cache: { builtAt: 1, refresh: 'goldsmith build --force' },
  error: problem,
  checks: [check],
  because: ['Core/Docker'],
} as const;

const BODIES: readonly RunEventBody[] = [
  { type: 'run-started', run: 'r', app: 'a', version: '1.2.3', nodes: [build('Web/Docker', ['Nginx'])], parallel: 0 },
  { type: 'node-started', node: 'Web/Docker' },
  { type: 'node-finished', node: 'Web/Docker', state: 'cached', ...full },
  { type: 'node-finished', node: 'Web/Docker', state: 'succeeded', duration: 0 },
  { type: 'step-started', node: 'Web/Docker', step: 'Web/Nginx', use: 'shell', attempt: 1 },
  { type: 'step-finished', node: 'Web/Docker', step: 'Web/Nginx', state: 'tolerated', duration: 3, error: problem },
  { type: 'step-finished', node: 'Web/Docker', step: 'launch', state: 'succeeded', duration: 3 },
  { type: 'check', node: 'Web/Docker', step: 'Web/Serves', ...check, output: 'log' },
  { type: 'check', node: 'Web/Docker', step: 'Web/Serves', ...check, state: 'passed', wrong: [] },
  { type: 'output', node: 'Web/Docker', step: 'Web/Nginx', stream: 'stderr', text: 'text' },
  { type: 'output', node: 'Web/Docker', stream: 'stdout', text: '' },
  { type: 'message', level: 'warning', node: 'Web/Docker', step: 'Web/Nginx', text: 'text' },
  { type: 'message', level: 'info', text: 'text' },
  { type: 'progress', node: 'Web/Docker', step: 'launch', label: 'pull', current: 1, total: 2, unit: 'bytes' },
  { type: 'progress', node: 'Web/Docker', label: 'pull', current: 1, unit: 'items' },
  { type: 'resource', node: 'Web/Docker', phase: 'created', kind: 'docker:container', id: 'x' },
  { type: 'resource', node: 'Web/Docker', phase: 'creating', kind: 'docker:container' },
  { type: 'question', node: 'Web/Docker', text: 'retry?' },
  { type: 'answered', node: 'Web/Docker', answer: 'r' },
  {
    type: 'run-finished',
    status: 'failed',
    duration: 1,
    nodes: [{ id: 'Web/Docker', state: 'failed', ...full }],
    left: [{ kind: 'docker:container', id: 'x', node: 'Web/Docker', why: 'kept', detail: 'docker rm -f x' }],
  },
];

/** One event of each type with all its fields, and one with the required ones only. */
export function everyEvent(): RunEvent[] {
  return BODIES.map((body, index) => ({ seq: index + 1, time: 1000 + index, ...body }));
}
