import type { BaseImage } from '../../../core/base-image';

/** Finds an image. */
export interface SourceAmiFilter {
  /** Filters of DescribeImages, by name, such as `name` or `architecture`; a comma separates several values. @default - by owner only */
  readonly filters?: Readonly<Record<string, string>>;
  /** Whose images count: numbers of accounts, `self`, `amazon`, `aws-marketplace`. Needed: anybody can give an image any name. */
  readonly owners: readonly string[];
  /** Of several, takes the newest. @default false */
  readonly mostRecent?: boolean;
  /** Also images that their owner has deprecated. @default false */
  readonly includeDeprecated?: boolean;
}

/** What the build starts from: exactly one of these. */
export interface AmazonSourceProps {
  /** Id of an image, such as `ami-0123456789abcdef0`. @default - one of the others */
  readonly sourceAmi?: string;
  /** Finds the image; the lock file pins it. @default - one of the others */
  readonly sourceAmiFilter?: SourceAmiFilter;
  /** SSM parameter that holds its id, such as AWS's public ones (`/aws/service/…`); the lock file pins it. @default - one of the others */
  readonly sourceAmiParameter?: string;
  /** Another image (`BaseImage.of(core)`), or `AmazonImage.lookup({…})`. @default - one of the others */
  readonly base?: BaseImage;
}
