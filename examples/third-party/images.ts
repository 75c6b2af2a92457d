import { App, Image, ShellProvisioner, Verification } from 'goldsmith';
import { FolderSource, LineProvisioner } from 'goldsmith-folder';

export const app = new App('kiosk');

const core = new Image(app, 'Core');
new FolderSource(core, 'Folder', { skeleton: 'skeleton/' });
new LineProvisioner(core, 'Name', { path: 'etc/hosts', line: '127.0.1.1 kiosk' });

// All that the engine does for its own platforms it does for this one: images on images, the cache, checkpoints.
const lobby = new Image(app, 'Lobby', { from: core, sources: { Folder: { output: 'artifacts/lobby' } } });
new ShellProvisioner(lobby, 'Page', { inline: ['mkdir -p "$ROOT/srv"', 'echo welcome > "$ROOT/srv/index.html"'] });
new Verification(lobby, 'Complete', {
  commands: ['grep -q kiosk etc/hosts'],
  files: [{ path: 'srv/index.html', contains: 'welcome' }],
});

app.run();
