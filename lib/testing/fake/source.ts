import { z } from 'zod';
import { BaseImage } from '../../core/base-image';
import { props, text, textMap } from '../../extension/props';
import type { Text } from '../../plan/late';

/** Props of a fake source but for its base. */
export interface FakeConfigProps {
  /**
   * Something that shows in the machine: changing it builds anew from the start.
   * @default 1
   */
  readonly size?: number;
  /**
   * Names the image: no two builds may have the same, and changing it captures anew.
   * @default - no name
   */
  readonly name?: Text;
  /**
   * More that belongs to the image only: changing it captures anew.
   * @default - none
   */
  readonly tags?: Readonly<Record<string, Text>>;
  /**
   * Something that shows nowhere: changing it changes nothing.
   * @default - none
   */
  readonly note?: Text;
  /**
   * Makes no artifact.
   * @default false
   */
  readonly discard?: boolean;
}

/** Props of a fake source. */
export interface FakeSourceProps extends FakeConfigProps {
  /**
   * What to start from: a name is looked up and pinned, `name@3` is exact, or another image.
   * @default 'stable'
   */
  readonly base?: string | BaseImage;
}

/** Checks the props of a fake source. */
export const fakeSchema = props<FakeConfigProps>()({
  size: z.number().int().min(1).optional(),
  name: text().optional(),
  tags: textMap().optional(),
  note: text().optional(),
  discard: z.boolean().optional(),
});

/** Props of a fake source as its driver gets them. */
export type FakeConfig = z.output<typeof fakeSchema>;

/** @internal */
export function fakeBase(use: string, base: string | BaseImage = 'stable'): BaseImage {
  if (typeof base !== 'string') return base;
  const [name, version] = base.split('@') as [string, string | undefined];
  if (version !== undefined) return BaseImage.exact({ name, version: Number(version) });
  return BaseImage.lookup({ use, query: { name }, label: `${use} ${name}` });
}
