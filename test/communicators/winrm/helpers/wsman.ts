import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { WindowsMachine } from '../../../../lib/rehearsal/windows/windows';
import { WsmanServer as Server, type WsmanOptions as Options } from '../../../../lib/rehearsal/windows/wsman';

/** How a server of the tests behaves. */
export type WsmanOptions = Partial<Options>;

/** The rehearsal's server, with a machine and a user of its own. */
export class WsmanServer extends Server {
  constructor(options: WsmanOptions = {}) {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-windows-'));
    const machine = new WindowsMachine({ root, searchPath: process.env['PATH'] ?? '', user: 'admin' });
    super({ machine, ...options });
    this.machine.users.set('admin', 'correct horse');
  }
}
