import { BaseImage } from '../../core/base-image';
import type { Json } from '../../plan/json';
import type { SourceAmiFilter } from './props/source';

/** Props of {@link AmazonImage.lookup}. */
export interface AmazonImageLookup extends Omit<SourceAmiFilter, 'mostRecent'> {
  /** Pattern of the name, such as `ubuntu/images/*-24.04-amd64-server-*`. @default - by `filters` only */
  readonly name?: string;
  /** Region to look in. @default - the source's */
  readonly region?: string;
}

/** Images of EC2 to start from. */
export const AmazonImage = {
  /** The newest image that matches, pinned in the lock file. */
  lookup({ name, region, filters = {}, ...rest }: AmazonImageLookup): BaseImage {
    const all = { ...filters, ...(name !== undefined && { name }) };
    return filterBase({ ...rest, filters: all, mostRecent: true }, region);
  },

  /**
   * The image whose id an SSM parameter holds, pinned in the lock file.
   *
   * @param name such as `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64`
   */
  fromSsmParameter(name: string, options: { readonly region?: string } = {}): BaseImage {
    return parameterBase(name, options.region);
  },

  /** The image of an id. */
  fromId(id: string): BaseImage {
    return BaseImage.exact({ imageId: id });
  },
} as const;

/** What a lookup of an image asks. */
export type AmiQuery =
  | ({ readonly by: 'filter'; readonly region?: string } & SourceAmiFilter)
  | { readonly by: 'parameter'; readonly region?: string; readonly name: string };

/** A lookup by filters. */
export function filterBase(filter: SourceAmiFilter, region: string | undefined): BaseImage {
  const { filters = {}, owners } = filter;
  const words = Object.entries(filters).map(([name, value]) => `${name}=${value}`);
  return base({ by: 'filter', ...filter }, region, `${words.join(' ')} of ${owners.join(', ')}`.trim());
}

/** A lookup by an SSM parameter. */
export function parameterBase(name: string, region: string | undefined): BaseImage {
  return base({ by: 'parameter', name }, region, `ssm ${name}`);
}

function base(query: AmiQuery, region: string | undefined, words: string): BaseImage {
  const label = `amazon ${words}${region === undefined ? '' : ` in ${region}`}`;
  const whole = { ...query, ...(region !== undefined && { region }) };
  return BaseImage.lookup({ use: 'amazon-ebs', query: whole as unknown as Json, label });
}
