import type { LateJson } from '../plan/late';
import { LateValue } from './output';

/** What {@link build} can say of the build that a step or post-processor belongs to. */
export type BuildFactName = 'id' | 'name' | 'image' | 'source' | 'type';

/** Stands for a fact of the build; synth puts the fact in its place, once for each build. */
export class BuildFact extends LateValue<string> {
  /** @internal */
  constructor(readonly fact: BuildFactName) {
    super();
  }

  /** Never reaches a plan: synth replaces it. Where there is no build, it stays, and synth reports it. */
  toPlan(): LateJson {
    return { $text: [`\${build.${this.fact}}`] };
  }

  protected describe(): string {
    return `build.${this.fact}`;
  }
}

/**
 * Facts of the build that a provisioner or post-processor runs for, to be used in its texts.
 *
 * @example
 * new CompressPostProcessor(web, 'Zip', { output: text`artifacts/web-${build.source}.tar.gz` });
 */
export const build: Readonly<Record<BuildFactName, BuildFact>> = {
  /** Path of the build, such as `Web/Docker`. */
  id: new BuildFact('id'),
  /** Its path with dashes, fit for file names: `web-docker`. */
  name: new BuildFact('name'),
  /** Path of the image, such as `Web`. */
  image: new BuildFact('image'),
  /** Id of the source, such as `Docker`. */
  source: new BuildFact('source'),
  /** Type key of the platform, such as `docker`. */
  type: new BuildFact('type'),
};
