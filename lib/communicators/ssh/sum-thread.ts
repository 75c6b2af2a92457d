import { Worker } from 'node:worker_threads';

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

/** The SHA-256 of a file in hex, from a thread of its own: what is done meanwhile is not slowed down by it. */
export class SumThread {
  readonly sum: Promise<string>;
  private readonly worker: Worker;

  constructor(file: string) {
    this.worker = new Worker(PROGRAM, { eval: true, workerData: file });
    this.sum = new Promise((resolve, reject) => {
      this.worker.once('message', resolve);
      this.worker.once('error', reject);
      this.worker.once('exit', () => reject(new Error(`the checksum of ${file} was not finished`)));
    });
    this.sum.catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}
