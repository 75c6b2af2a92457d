import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Worker } from 'node:worker_threads';

/** Bytes from which on a thread pays: in the time that one takes to start (some 20 ms, measured), 35 MiB are summed. */
const LARGE = 64 * 1024 * 1024;

/** What the thread runs: it must be text, since a program may run from its sources, which a thread could not load. */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
const fs = require('node:fs');
const hash = require('node:crypto').createHash('sha256');
const buffer = Buffer.allocUnsafeSlow(1 << 20);
const file = fs.openSync(workerData);
for (let length; (length = fs.readSync(file, buffer)) > 0; ) hash.update(buffer.subarray(0, length));
fs.closeSync(file);
parentPort.postMessage(hash.digest('hex'));
`;

/** A checksum that is being made. */
export interface Checksum {
  /** SHA-256, in hex. */
  readonly sum: Promise<string>;
  /** Ends it, done or not. */
  close(): Promise<void>;
}

/** Begins to sum a file while something else is done with it. A large one is read by a thread, so that it does not slow that down. */
export function checksumOf(file: string, size: number): Checksum {
  const checksum = size < LARGE ? summedHere(file) : summedByThread(file);
  // Who closes it early does not ask for it any more.
  checksum.sum.catch(() => undefined);
  return checksum;
}

function summedHere(file: string): Checksum {
  const ended = new AbortController();
  const hash = createHash('sha256');
  const summed = async (source: AsyncIterable<Buffer>): Promise<void> => {
    for await (const piece of source) hash.update(piece);
  };
  const sum = pipeline(createReadStream(file), summed, { signal: ended.signal }).then(() => hash.digest('hex'));
  return { sum, close: () => Promise.resolve(ended.abort()) };
}

function summedByThread(file: string): Checksum {
  // Whatever the program was started with (loaders, inspectors) is not for this one.
  const thread = new Worker(PROGRAM, { eval: true, workerData: file, execArgv: [] });
  const sum = new Promise<string>((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', () => reject(new Error(`the checksum of ${file} was not finished`)));
  });
  return { sum, close: () => thread.terminate().then(() => undefined) };
}
