/** A file of the starter project. */
export interface StarterFile {
  /** Relative to the project's folder. */
  readonly name: string;
  readonly content: string;
}

/** What the starter project depends on. */
export interface StarterOptions {
  /** Name of the app and of the npm package: lower-case letters, digits and dashes. */
  readonly name: string;
  /** Version of goldsmith, as the package needs it: `^1.2.3`, or a path for trying it out. */
  readonly goldsmith: string;
}

/** The starter project: two images, one on the other, that build on any Linux machine without a download. */
export function starterFiles({ name, goldsmith }: StarterOptions): readonly StarterFile[] {
  return [
    { name: 'package.json', content: json(packageJson(name, goldsmith)) },
    { name: 'tsconfig.json', content: json(TSCONFIG) },
    { name: 'images.ts', content: images(name) },
    { name: 'images.test.ts', content: TEST },
    { name: '.gitignore', content: 'node_modules/\ngoldsmith.out/\n.goldsmith/\nartifacts/\n' },
  ];
}

function packageJson(name: string, goldsmith: string): object {
  return {
    name,
    version: '0.1.0',
    private: true,
    type: 'commonjs',
    scripts: {
      build: 'ts-node images.ts build',
      list: 'ts-node images.ts list',
      test: 'node --require ts-node/register --test images.test.ts',
      check: 'tsc --noEmit',
    },
    dependencies: { constructs: '^10.5.0', goldsmith },
    devDependencies: { '@types/node': '^20.19.0', 'ts-node': '^10.9.2', typescript: '~5.9.3' },
  };
}

/** `transpileOnly`: types are checked by the editor and by `npm run check`, not at every start. */
const TSCONFIG = {
  compilerOptions: {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    types: ['node'],
  },
  'ts-node': { transpileOnly: true },
};

function images(name: string): string {
  return `import { App, Image, ShellProvisioner, Verification } from 'goldsmith';
import { SandboxBase, SandboxSource } from 'goldsmith/sandbox';

export const app = new App('${name}');

// What all images have in common. The minimal base is made of this machine's own commands: nothing is downloaded.
const core = new Image(app, 'Core');
new SandboxSource(core, 'Sandbox', { base: SandboxBase.minimal() });
new ShellProvisioner(core, 'Motd', { inline: ['echo "built by ${name}" > /etc/motd'] });

// Starts where Core ended.
export const hello = new Image(app, 'Hello', { from: core });
new ShellProvisioner(hello, 'Greeting', {
  inline: ['mkdir -p /opt/hello', 'echo "hello, image" > /opt/hello/greeting'],
});
// Starts the finished image afresh and looks.
new Verification(hello, 'Greets', { commands: ['grep -q hello /opt/hello/greeting', 'test -s /etc/motd'] });

app.run();
`;
}

const TEST = `import { test } from 'node:test';
import { PlanAssert } from 'goldsmith/testing';
import { app } from './images';

test('Hello is built on Core, and checked', () => {
  PlanAssert.fromApp(app)
    .buildCountIs(2)
    .hasBuild('sandbox', { image: 'Hello', base: 'Core/Sandbox' })
    .hasVerification({ build: 'Hello/Sandbox' });
});
`;

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
