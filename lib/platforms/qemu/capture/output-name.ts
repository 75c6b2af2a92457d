import type { QemuFormat } from '../props/capture-props';

/** Endings of files, by format. */
const ENDINGS: Readonly<Record<QemuFormat, string>> = {
  qcow2: '.qcow2',
  raw: '.img',
  vmdk: '.vmdk',
  vpc: '.vhd',
  vhdx: '.vhdx',
};

/** The file of the first disk, as the user wrote it or would have. */
export function outputFor(
  given: string | undefined,
  format: QemuFormat = 'qcow2',
  { app, node }: { readonly app: string; readonly node: string } = { app: '', node: '' },
): string {
  return given ?? `artifacts/${slug(app)}-${slug(node)}${ENDINGS[format]}`;
}

/** A file beside that of the first disk: `web.qcow2` and `-1` give `web-1.qcow2`. */
export function beside(output: string, addition: string, ending?: string): string {
  const [, stem, own] = /^(.*?)(\.[^./\\]+)?$/s.exec(output)!;
  return `${stem}${addition}${ending ?? own ?? ''}`;
}

/** A path as one word: `WebServer/Qemu` gives `web-server-qemu`. */
function slug(path: string): string {
  const words = path.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
  return words.replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '');
}
