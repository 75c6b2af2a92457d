import type { RunContext } from '../../../extension/context';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';

/** Name of the image: of its own in each run, for two may build the same in the same second. */
export function amiNameOf(
  { amiName }: Pick<AmazonEbsConfig, 'amiName'>,
  { run, node }: Pick<RunContext, 'run' | 'node'>,
): string {
  if (amiName !== undefined) return amiName;
  const ending = `-${run.id}`;
  const words = `${run.app}-${node.id}`.replace(/[^A-Za-z0-9()[\] ./\-'@_]/g, '-');
  return words.slice(0, 128 - ending.length) + ending;
}
