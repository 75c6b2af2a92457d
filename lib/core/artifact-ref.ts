import type { Source } from './source';
import { Output } from './output';

/** What a build will make, by name. Which outputs there are is the platform's choice: its page in docs/ lists them. */
export class ArtifactRef {
  private readonly source: Source | undefined;

  /** @internal */
  constructor(source: Source | undefined) {
    this.source = source;
  }

  /** The platform's id of the artifact. */
  get id(): Output<string> {
    return this.output('id');
  }

  /** Id of the image: `sha256:…` for Docker and Sandbox. */
  get imageId(): Output<string> {
    return this.output('imageId');
  }

  /** Path of the artifact's file, relative to the project. */
  get path(): Output<string> {
    return this.output('path');
  }

  /** Digest of the image's manifest. */
  get digest(): Output<string> {
    return this.output('digest');
  }

  /** Any output, by name. */
  output(name: string): Output<string> {
    return this.source ? Output.of(this.source, name) : Output.unknown(name);
  }
}
