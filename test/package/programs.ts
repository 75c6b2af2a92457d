/** A user's program: builds on any machine, since the image of a null source is the machine itself. */
export const IMAGES = `import { App, Image, ShellLocalProvisioner } from 'goldsmith';
import { NullSource } from 'goldsmith/null';

export const app = new App('consumer');
const image = new Image(app, 'Hello');
new NullSource(image, 'Here', { communicator: 'none' });
new ShellLocalProvisioner(image, 'Greet', { inline: ['echo hello from a consumer'] });
app.run();
`;

/** Names from every entry point, used as values: an ES module finds them only where they can be seen without running. */
export const PLAIN_MODULE = `import { App, BaseImage, Image, ShellProvisioner, Verification, text, timestamp } from 'goldsmith';
import { DockerSource } from 'goldsmith/docker';
import { run, readPlan } from 'goldsmith/engine';
import { NullSource } from 'goldsmith/null';
import { SandboxSource } from 'goldsmith/sandbox';
import { PlanAssert } from 'goldsmith/testing';

const names = { App, BaseImage, Image, ShellProvisioner, Verification, text, timestamp, DockerSource, run, readPlan, NullSource, SandboxSource, PlanAssert };
for (const [name, value] of Object.entries(names)) if (typeof value !== 'function') throw new Error(name);

const app = new App('plain');
const image = new Image(app, 'Hello');
new DockerSource(image, 'Docker', { base: 'debian:bookworm' });
PlanAssert.fromApp(app).hasBuild('docker');
app.run();
`;

/** What the compiler must take from the published types, and what it must refuse. */
export const TYPES = `import { App, GoldsmithError, Image, ShellProvisioner, text, timestamp, type Plan, type RunReport } from 'goldsmith';
import { DockerSource, type DockerSourceProps } from 'goldsmith/docker';
import { readPlan, run } from 'goldsmith/engine';
import { NullSource } from 'goldsmith/null';
import { SandboxSource } from 'goldsmith/sandbox';
import { PlanAssert } from 'goldsmith/testing';

const props: DockerSourceProps = { base: 'debian:bookworm' };
const app = new App('types');
const image = new Image(app, 'Core');
new DockerSource(image, 'Docker', props);
new NullSource(image, 'Here');
new ShellProvisioner(image, 'Step', { inline: ['true', text\`date \${timestamp()}\`], timeout: '5m', only: ['Docker'] });
// @ts-expect-error -- there is no such prop
new ShellProvisioner(image, 'Wrong', { inlines: ['true'] });
// @ts-expect-error -- a base is no number
new DockerSource(image, 'Wrong', { base: 1 });

const plan: Plan = app.synth();
PlanAssert.fromPlan(plan).buildCountIs(2);
export async function main(): Promise<RunReport> {
  try {
    return await run(readPlan(JSON.stringify(plan)), { projectDir: '.', env: {}, assetsDir: 'assets' });
  } catch (error) {
    if (GoldsmithError.is(error)) throw new Error(error.code);
    throw error;
  }
}
export { SandboxSource };
`;

/** A user's own test: it imports the program, which then does nothing but make the tree. */
export const USERS_TEST = `import { PlanAssert } from 'goldsmith/testing';
import { app } from './images';

test('importing the program builds nothing, and its plan can be looked at', () => {
  PlanAssert.fromApp(app).buildCountIs(1).hasBuild('null', { image: 'Hello' }).hasStep('shell-local');
});
`;
