/**
 * `npm test`: compiles, then checks types, style and the API side by side, then runs jest. All of it runs also where a
 * part fails, so that one run tells everything. Arguments go to jest.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name, ...path) => ['node', `node_modules/${name}/${path.join('/')}`];
const tsc = bin('typescript', 'bin', 'tsc');
const node = process.execPath;

const compile = { name: 'compile', command: [...tsc, '--build'] };
const checks = [
  { name: 'lint', command: [...bin('eslint', 'bin', 'eslint.js'), '.'] },
  { name: 'types of the tests', command: [...tsc, '-p', 'test'] },
  { name: 'API report', command: ['node', 'tools/api-report.mjs'] },
  { name: 'format', command: [...bin('prettier', 'bin', 'prettier.cjs'), '--check', '**/*.{ts,mts,cts,js,mjs,cjs}'] },
];
const jest = { name: 'jest', command: [...bin('jest', 'bin', 'jest.js'), ...process.argv.slice(2)] };

/** Runs one part; what it prints is shown where it fails. */
function quietly({ name, command }) {
  const start = performance.now();
  const child = begin(command, ['ignore', 'pipe', 'pipe']);
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
  return ended(child).then((ok) => {
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    process.stderr.write(`${ok ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)\n`);
    if (!ok) process.stderr.write(Buffer.concat(output));
    return ok;
  });
}

function begin([program, ...args], stdio) {
  return spawn(program === 'node' ? node : program, args, { cwd: root, stdio });
}

function ended(child) {
  return new Promise((resolve) => {
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
  });
}

/** All parts, as many at once as there are processors. */
async function sideBySide(parts) {
  const left = [...parts];
  const results = [];
  const worker = async () => {
    for (let part = left.shift(); part; part = left.shift()) results.push(await quietly(part));
  };
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism()) }, worker));
  return results.every(Boolean);
}

const compiled = await quietly(compile);
const checked = await sideBySide(checks);
const tested = await ended(begin(jest.command, 'inherit'));
const failed = [!compiled && 'compile', !checked && 'the checks above jest', !tested && 'jest'].filter(Boolean);
if (failed.length > 0) process.stderr.write(`\nfailed: ${failed.join(', ')}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
