import { App, Image } from '../../../../lib';
import { QemuSource } from '../../../../lib/platforms/qemu';
import { IDLE } from '../tools';

/** Builds on a machine that never shuts down, and so waits to be killed. */
const [dir = '', disk = ''] = process.argv.slice(2);
const app = new App('acme', { baseDir: dir });
new QemuSource(new Image(app, 'Idle'), 'Qemu', {
  ...IDLE,
  image: disk,
  shutdownTimeout: '5m',
});
void app.build();
