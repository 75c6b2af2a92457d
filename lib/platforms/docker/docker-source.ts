import type { Construct } from 'constructs';
import { Asset } from '../../core/asset';
import { BaseImage } from '../../core/base-image';
import { addProblem } from '../../core/problems';
import { Source } from '../../core/source';
import { dockerBase } from './base';
import { docker, type DockerConfigProps } from './docker-extension';

/** Props of {@link DockerSource}. Exactly one of `base` and `build`. */
export interface DockerSourceProps extends DockerConfigProps {
  /**
   * What to start from: a name such as `debian:bookworm`, which is looked up once and then pinned in the lock file; a
   * digest (`debian@sha256:…`) or image id (`sha256:…`); or another image (`BaseImage.of(core)`). Packer's `image`.
   * @default - `build` says what to start from
   */
  readonly base?: string | BaseImage;
}

/**
 * Builds an image in a container of a Docker Engine.
 *
 * @example
 * new DockerSource(web, 'Docker', { base: 'debian:bookworm', changes: ['CMD ["nginx", "-g", "daemon off;"]'] });
 */
export class DockerSource extends Source<DockerSourceProps> {
  constructor(scope: Construct, id: string, props: DockerSourceProps) {
    super(scope, id, props, docker);
    const { base, build } = props;
    if ((base === undefined) === (build === undefined)) {
      const given = base === undefined ? 'none is given' : 'both are given';
      addProblem(
        this,
        'INVALID_PROPS',
        `exactly one of \`base\` and \`build\` is needed, ${given}`,
        'name an image as `base`, such as `debian:bookworm`, or a Dockerfile as `build`',
      );
    }
    if (typeof base === 'string' && 'problem' in dockerBase(base, props.platform)) {
      addProblem(
        this,
        'INVALID_PROPS',
        `\`base\` is ${JSON.stringify(base)}, which is no name of an image`,
        'write it as [HOST[:PORT]/]NAME[:TAG], NAME@sha256:…, or an image id sha256:…',
      );
    }
  }

  /** What it starts from. */
  base(): BaseImage | undefined {
    const { base, platform } = this.props;
    if (typeof base !== 'string') return base;
    const found = dockerBase(base, platform);
    if ('problem' in found) return undefined;
    return 'query' in found
      ? BaseImage.lookup({ use: docker.use, query: found.query, label: `docker ${base}` })
      : BaseImage.exact(found.exact);
  }

  /** The folder of a Dockerfile is an asset like any other, without what goldsmith itself keeps in it. */
  override config(): object {
    const config = super.config() as DockerConfigProps;
    if (!config.build) return config;
    const { path, buildDir } = config.build;
    const dir = buildDir ?? (typeof path === 'string' ? folderOf(path) : undefined);
    const context = typeof dir === 'string' ? new Asset(dir, { ignore: OWN_FILES }) : dir;
    if (context === undefined) {
      addProblem(
        this,
        'INVALID_PROPS',
        '`build.buildDir` is missing: it can be left out only where `build.path` is a plain path',
        'name the folder that the Dockerfile copies from',
      );
    }
    return { ...config, build: { ...config.build, ...(context !== undefined && { buildDir: context }) } };
  }

  /** A Dockerfile says what to start from, so it goes with the base. */
  protected override withoutBase(props: object): object {
    const { build: _build, ...rest } = super.withoutBase(props) as { build?: unknown };
    return rest;
  }
}

/** What a run writes into the project: taking it in would make every build a new one. */
const OWN_FILES = ['/.goldsmith', '/goldsmith.out', '/goldsmith.lock.json', '/.git'];

function folderOf(file: string): string {
  const slash = file.lastIndexOf('/');
  return slash < 0 ? '.' : file.slice(0, slash + 1);
}
