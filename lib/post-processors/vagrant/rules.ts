import type { Rule } from '../../extension/props';

type Given = Readonly<Record<string, unknown>>;
type Overrides = Readonly<Record<string, Given | undefined>>;

const fieldIn = (output: unknown): boolean =>
  /\{\{-?\s*\.Provider\s*-?\}\}/.test(JSON.stringify(output)) || JSON.stringify(output).includes('"$output"');

/** Rule: boxes of several providers are several files. */
export const namesEachBox: Rule = ({ providers, output, overrides }) => {
  const all = (providers ?? []) as readonly string[];
  const twice = all.find((one, index) => all.indexOf(one) !== index);
  if (twice !== undefined) return `\`providers\` has ${twice} twice`;
  const rest = all.filter((one) => (overrides as Overrides | undefined)?.[one]?.['output'] === undefined);
  if (rest.length < 2 || output === undefined || fieldIn(output)) return undefined;
  return 'with several `providers`, `output` must have {{.Provider}}: each box is a file of its own';
};

/** Rule: what is said for one provider is said of one that a box is made for. */
export const overridesOfProviders: Rule = ({ providers, overrides }) => {
  if (providers === undefined) return undefined;
  const other = Object.keys((overrides ?? {}) as object).find((one) => !(providers as readonly string[]).includes(one));
  return other === undefined ? undefined : `\`overrides\` has ${other}, which is not in \`providers\``;
};

/** Rule: only QEMU and libvirt attach disks by virtio. */
export const busesFit: Rule = ({ providers = [], hardware, overrides }) => {
  for (const provider of providers as readonly string[]) {
    const own = ((overrides as Overrides | undefined)?.[provider]?.['hardware'] ?? {}) as Given;
    const { diskBus } = { ...(hardware as Given | undefined), ...own };
    if (diskBus === 'virtio' && (provider === 'virtualbox' || provider === 'vmware_desktop')) {
      return `\`hardware.diskBus\` is virtio, which ${provider} does not have; it has sata, scsi and ide`;
    }
  }
  return undefined;
};
