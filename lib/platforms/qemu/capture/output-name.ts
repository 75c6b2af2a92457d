import { DISK_ENDINGS } from '../../../host/disk-format';
import type { QemuFormat } from '../props/capture-props';

/** The file of the first disk, as the user wrote it or would have. */
export function outputFor(
  given: string | undefined,
  format: QemuFormat = 'qcow2',
  { app, node }: { readonly app: string; readonly node: string } = { app: '', node: '' },
): string {
  return given ?? `artifacts/${slug(app)}-${slug(node)}.${DISK_ENDINGS[format]}`;
}

/** A path as one word: `WebServer/Qemu` gives `web-server-qemu`. */
function slug(path: string): string {
  const words = path.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
  return words.replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '');
}
