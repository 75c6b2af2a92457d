import { GoldsmithError } from '../../errors';

/** Kinds of {@link BaseChoice}. */
const KINDS = ['folder', 'rootfs', 'archive', 'layout', 'registry'] as const;

/** What a machine of a cloud starts from here. */
export type BaseChoice =
  { readonly kind: 'minimal' | 'host' | 'windows' } | { readonly kind: (typeof KINDS)[number]; readonly where: string };

/**
 * Reads what a user wrote: `minimal` (a few of this machine's own programs), `host` (this machine's own root, as an overlay),
 * `windows` (what of Windows is embedded), `folder:DIR` (a root file system), `rootfs:FILE` (its tar archive), `archive:FILE` or `layout:DIR` (an OCI image) or `registry:NAME`.
 */
export function readBase(text: string, forWhat: string): BaseChoice {
  if (text === 'minimal' || text === 'host' || text === 'windows') return { kind: text };
  const [, kind, where] = /^([a-z]+):(.+)$/s.exec(text) ?? [];
  const known = KINDS.find((one) => one === kind);
  if (known !== undefined && where !== undefined) return { kind: known, where };
  throw new GoldsmithError(
    'BAD_USAGE',
    `the base of ${forWhat} is ${JSON.stringify(text)}, which says nothing of where it is`,
    {
      hint: `write \`minimal\`, \`host\`, \`windows\`, or one of ${KINDS.map((one) => `\`${one}:…\``).join(', ')}`,
    },
  );
}
