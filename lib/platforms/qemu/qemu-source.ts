import type { Construct } from 'constructs';
import { Asset } from '../../core/asset';
import { BaseImage } from '../../core/base-image';
import { addProblem } from '../../core/problems';
import { Source } from '../../core/source';
import type { Json } from '../../plan/json';
import { parseChecksum, problemWithChecksum, writeChecksum } from './image/checksum';
import type { QemuConfigProps } from './props/qemu-props';
import { qemu } from './qemu-extension';

/** Props of {@link QemuSource}. It starts from `image`, `iso`, `base`, or `kernel` alone. */
export interface QemuSourceProps extends QemuConfigProps {
  /**
   * Checksum of `image`: `sha256:…` (or md5, sha1, sha224, sha384, sha512), `file:` with a path or address of a list of checksums, or
   * `none`, which takes the file as it is now, and pins that in the lock file.
   * @default - needed with `image`
   */
  readonly imageChecksum?: string;
  /** Checksum of `iso`, likewise. @default - needed with `iso` */
  readonly isoChecksum?: string;
  /** Another image to start from: `BaseImage.of(core)`. @default - `image` or `iso` */
  readonly base?: BaseImage;
}

/**
 * Builds a disk image with QEMU on this machine: from a cloud image with cloud-init, or from an installation medium.
 *
 * @example
 * new QemuSource(web, 'Qemu', { image: 'debian-12.qcow2', imageChecksum: 'sha256:…', memory: 2048, cpus: 2 });
 */
export class QemuSource extends Source<QemuSourceProps> {
  constructor(scope: Construct, id: string, props: QemuSourceProps) {
    super(scope, id, props, qemu);
    const given = (['image', 'iso', 'base'] as const).filter((name) => props[name] !== undefined);
    if (given.length > 1) {
      const names = given.map((name) => `\`${name}\``).join(' and ');
      addProblem(this, 'INVALID_PROPS', `it starts from one thing, and given are ${names}`, 'leave out all but one');
    }
    if (given.length === 0 && props.kernel === undefined) {
      addProblem(
        this,
        'INVALID_PROPS',
        'there is nothing to start from: `image`, `iso`, `base` and `kernel` are missing',
        'name a disk image with `image` and `imageChecksum`, or an installation medium with `iso` and `isoChecksum`',
      );
    }
    for (const kind of ['image', 'iso'] as const) this.checkPlace(kind);
  }

  /** What it starts from, by its checksum. */
  base(): BaseImage | undefined {
    const { base, image, iso } = this.props;
    if (base) return base;
    if (image !== undefined) return this.fileBase('image');
    return iso === undefined ? undefined : this.fileBase('iso');
  }

  /** The config in the plan: checksums stand in the base, and patterns become folders with what they find. */
  override config(): object {
    const { imageChecksum: _image, isoChecksum: _iso, ...config } = super.config() as QemuSourceProps;
    const { floppyFiles, cdFiles } = config;
    return {
      ...config,
      ...(floppyFiles && { floppyFiles: floppyFiles.map(found) }),
      ...(cdFiles && { cdFiles: cdFiles.map(found) }),
    };
  }

  protected override withoutBase(props: object): object {
    const rest = { ...(super.withoutBase(props) as QemuSourceProps) } as Partial<
      Record<keyof QemuSourceProps, unknown>
    >;
    for (const name of [
      'image',
      'imageChecksum',
      'imageFormat',
      'iso',
      'isoChecksum',
      'bootCommand',
      'bootSteps',
    ] as const)
      delete rest[name];
    return rest;
  }

  private fileBase(kind: 'image' | 'iso'): BaseImage | undefined {
    const checksum = this.props[`${kind}Checksum`];
    if (problemWithChecksum(`${kind}Checksum`, checksum) !== undefined) return undefined;
    const sum = parseChecksum(checksum!);
    if (sum) return BaseImage.exact({ kind, checksum: writeChecksum(sum) });
    const places = this.plainPlaces(kind);
    if (!places) return undefined;
    const query = { kind, places, checksum: checksum! };
    return BaseImage.lookup({ use: 'qemu', query: query as unknown as Json, label: `qemu ${places[0]!}` });
  }

  private checkPlace(kind: 'image' | 'iso'): void {
    const prop = `${kind}Checksum` as const;
    const checksum = this.props[prop];
    if (this.props[kind] === undefined) {
      if (checksum !== undefined)
        addProblem(
          this,
          'INVALID_PROPS',
          `\`${prop}\` is given, and \`${kind}\` is not`,
          `name the file with \`${kind}\``,
        );
      return;
    }
    const problem = problemWithChecksum(prop, checksum);
    if (problem !== undefined) addProblem(this, 'INVALID_PROPS', problem);
    else if (!parseChecksum(checksum!) && !this.plainPlaces(kind)) {
      addProblem(
        this,
        'INVALID_PROPS',
        `\`${prop}\` is \`${checksum!}\`, and \`${kind}\` is known only at run time`,
        'give the checksum itself, or a plain path or address',
      );
    }
  }

  private plainPlaces(kind: 'image' | 'iso'): readonly string[] | undefined {
    const given = this.props[kind];
    const places = Array.isArray(given) ? (given as readonly unknown[]) : [given];
    return places.every((place): place is string => typeof place === 'string') ? places : undefined;
  }
}

/** A pattern such as `drivers/*.inf` is the folder, without what it does not find. */
function found(file: unknown): unknown {
  const [, folder = '', name = ''] = /^(.*\/)?([^/]*[*?[][^/]*)$/.exec(typeof file === 'string' ? file : '') ?? [];
  return name === '' ? file : new Asset(folder || './', { ignore: ['/*', `!/${name}`] });
}
