import type { RunEvent, RunReport } from 'goldsmith';
import { imagesFor } from './images';

/** What an application does with goldsmith: builds, shows how it goes in its own words, and can stop. */
async function main(customer: string, seconds: number): Promise<void> {
  // One signal for everything that ends a build: here a deadline and Ctrl-C. A closed browser tab would be another.
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort(new Error('interrupted')));
  const signal = AbortSignal.any([interrupted.signal, AbortSignal.timeout(seconds * 1000)]);

  const report = await imagesFor(customer).build({ signal, onEvent: show });
  process.exitCode = explain(report);
}

/** Events are data: what a log, a web page or a chat message makes of them is the application's business. */
function show(event: RunEvent): void {
  switch (event.type) {
    case 'step-started':
      console.log(`${event.node}: ${event.use}…`);
      break;
    case 'node-finished':
      console.log(`${event.node}: ${event.state} after ${event.duration} ms`);
      break;
  }
}

/** A failed or cancelled build is no exception: the report says how each node ended, and what is left behind. */
function explain({ status, nodes, left }: RunReport): number {
  for (const { id, error } of nodes) if (error) console.error(`${id}: ${error.message} (${error.code})`);
  for (const { path, sha256 } of nodes.flatMap(({ artifact }) => artifact?.files ?? [])) {
    console.log(`${path} sha256:${sha256 ?? '?'}`);
  }
  console.log(`${status}, ${left.length} left behind`);
  return status === 'succeeded' ? 0 : 1;
}

const [customer = 'globex', seconds = '600'] = process.argv.slice(2);
void main(customer, Number(seconds));
