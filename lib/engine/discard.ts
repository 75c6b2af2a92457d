import type { ResourceRecord } from '../extension/artifact';
import type { Services } from './services';

/**
 * Deletes what the catalog names. The journal hears of it first, and the record is forgotten before anything is deleted: wherever
 * that ends, `recover` goes on with it, and nothing that is half deleted is ever found.
 *
 * @param forget makes the catalog name it no longer
 */
export async function discard(
  resources: readonly ResourceRecord[],
  node: string,
  services: Services,
  forget: () => Promise<unknown>,
): Promise<void> {
  for (const resource of resources) await services.journal.append({ type: 'intent', node, resource });
  await forget();
  for (const resource of resources) {
    await services.destroy(resource, node, services.cleanupSignal);
    await services.journal.append({ type: 'destroyed', token: resource.token }).catch(() => undefined);
  }
}
