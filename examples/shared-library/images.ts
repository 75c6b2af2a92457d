import { AcmeCore, EveryImageIsVerified } from '@acme/core-images';
import { App, Aspects, Image, ShellProvisioner, Verification } from 'goldsmith';
import { SandboxBase, SandboxSource } from 'goldsmith/sandbox';

export const app = new App('payments');
// The company's rules come with the library, and hold for the whole tree.
Aspects.of(app).add(new EveryImageIsVerified());

// The company's core image. What it builds on is for each team to say.
const core = new AcmeCore(app, 'Core', { owner: 'payments', level: 2 });
new SandboxSource(core, 'Sandbox', { base: SandboxBase.minimal() });

const ledger = new Image(app, 'Ledger', { from: core });
new ShellProvisioner(ledger, 'Folders', { inline: ['mkdir -p /srv/ledger', 'chmod 750 /srv/ledger'] });
new Verification(ledger, 'Closed', { files: [{ path: '/srv/ledger', mode: '0750' }] });

app.run();
