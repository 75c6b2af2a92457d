import type { ResourceRecord } from '../../extension/artifact';
import type { Json } from '../../plan/json';
import type { Engine } from './engine';
import { isOwnReference, partsOfReference, tokenOfContainer } from './names';

const NODE = 'dev.goldsmith.node';

/**
 * Everything on the engine that a run made. The label alone says too little: a container or an image that somebody made from one
 * of ours has it as well. So the name must be goldsmith's own too.
 */
export async function findByRun(engine: Engine, run: string): Promise<ResourceRecord[]> {
  const label = `dev.goldsmith.run=${run}`;
  const [containers, images] = await Promise.all([engine.containersWith(label), engine.imagesWith(label)]);
  const found: ResourceRecord[] = [];
  for (const { Id, Names, Labels } of containers) {
    const token = Names?.map(tokenOfContainer).find((name) => name !== undefined);
    if (token === undefined) continue;
    found.push({ kind: 'docker:container', id: Id, token, locator: { node: Labels?.[NODE] ?? '' } });
  }
  for (const { Id, RepoTags, Labels } of images) {
    for (const { role, token } of (RepoTags ?? []).filter(isOwnReference).map(partsOfReference)) {
      const locator: Json = { role, node: Labels?.[NODE] ?? '' };
      found.push({ kind: 'docker:image', id: Id, token, locator });
    }
  }
  return found;
}
