import { App, Image } from '../../../../lib';
import { QemuSource } from '../../../../lib/platforms/qemu';

/** Builds on a machine that never shuts down, and so waits to be killed. */
const [dir = '', disk = ''] = process.argv.slice(2);
const app = new App('acme', { baseDir: dir });
new QemuSource(new Image(app, 'Idle'), 'Qemu', {
  image: disk,
  imageChecksum: 'none',
  imageFormat: 'raw',
  cloudInit: false,
  communicator: 'none',
  accelerator: 'tcg',
  memory: 16,
  shutdownTimeout: '5m',
});
void app.build();
