import { App, Image, ShellProvisioner, Verification } from 'goldsmith';
import { SandboxBase, SandboxSource } from 'goldsmith/sandbox';

/** The images of one customer: a function, because a program that embeds goldsmith makes apps when it needs them. */
export function imagesFor(customer: string): App {
  // With `variables`, neither the command line nor the environment is read: they belong to the embedding program.
  const app = new App(`appliance-${customer}`, { baseDir: __dirname, variables: {} });
  const appliance = new Image(app, 'Appliance');
  new SandboxSource(appliance, 'Sandbox', {
    base: SandboxBase.minimal(),
    output: `artifacts/${customer}.oci.tar`,
    reference: `acme/appliance:${customer}`,
  });
  new ShellProvisioner(appliance, 'Customer', {
    env: { CUSTOMER: customer },
    inline: ['mkdir -p /etc/acme', 'echo "$CUSTOMER" > /etc/acme/customer'],
  });
  new Verification(appliance, 'Named', { files: [{ path: '/etc/acme/customer', contains: customer }] });
  return app;
}
