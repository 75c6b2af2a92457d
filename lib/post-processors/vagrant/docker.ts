import { GoldsmithError } from '../../errors';
import type { BoxMaker } from './box';
import { forProvider, ruby, vagrantfile } from './text';

/** The box of Docker is but the name of an image, which the engine has or can pull. */
export const dockerBox: BoxMaker = ({ artifact }) => {
  const { tags, name, imageId } = artifact.outputs;
  const image = (Array.isArray(tags) ? tags.at(-1) : undefined) ?? name ?? imageId;
  if (artifact.kind !== 'docker-image' || typeof image !== 'string') {
    throw new GoldsmithError(
      'INCOMPATIBLE_INPUT',
      `a box for Docker takes an image of an engine, and this is a ${artifact.kind}: ${artifact.id}`,
      { hint: 'leave `docker` out of `providers`, or commit the container' },
    );
  }
  return Promise.resolve({ vagrantfile: vagrantfile(forProvider('docker', { image: ruby(image) })), files: [] });
};
