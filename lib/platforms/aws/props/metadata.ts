import { z } from 'zod';

/** The instance metadata service of the build's instance. */
export interface MetadataOptions {
  /** Whether it is there. @default 'enabled' */
  readonly httpEndpoint?: 'enabled' | 'disabled';
  /** Whether it wants a token: `required` is IMDSv2. @default 'required' */
  readonly httpTokens?: 'required' | 'optional';
  /** How many hops its answers may go: 2 for containers on the instance. @default 1 */
  readonly httpPutResponseHopLimit?: number;
  /** Whether it shows the instance's tags. @default 'disabled' */
  readonly instanceMetadataTags?: 'enabled' | 'disabled';
}

/** The metadata service, of the instance and of what starts from the image. */
export interface AmazonMetadataProps {
  /** Of the build's instance. Packer's default is `httpTokens: 'optional'`. @default - IMDSv2 is required */
  readonly metadataOptions?: MetadataOptions;
  /**
   * Of the image: with `v2.0`, instances that start from it require IMDSv2 where nothing else is said. It cannot be taken back for an
   * image. `inherit` leaves what the base has.
   * @default 'v2.0'
   */
  readonly imdsSupport?: 'v2.0' | 'inherit';
}

/** Schemas of {@link AmazonMetadataProps}. */
export const metadataShape = {
  metadataOptions: z
    .strictObject({
      httpEndpoint: z.enum(['enabled', 'disabled']).optional(),
      httpTokens: z.enum(['required', 'optional']).optional(),
      httpPutResponseHopLimit: z.number().int().min(1).max(64).optional(),
      instanceMetadataTags: z.enum(['enabled', 'disabled']).optional(),
    })
    .optional(),
  imdsSupport: z.enum(['v2.0', 'inherit']).optional(),
} as const;
