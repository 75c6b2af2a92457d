import { describeIf } from '../helpers/requires';
import { Consumers, hasRegistry } from './consumer';
import { IMAGES, PLAIN_MODULE, TYPES, USERS_TEST } from './programs';

/** Versions of TypeScript whose users can use the package: the oldest, the one that we compile with, and the newest. */
const COMPILERS = { 'typescript-5.4': '5.4.5', typescript: '=', 'typescript-6.0': '6.0.3', 'typescript-7.0': '7.0.2' };

const TOOLS = {
  ...Object.fromEntries(
    Object.entries(COMPILERS).map(([name, version]) => [name, version === '=' ? version : `npm:typescript@${version}`]),
  ),
  '@types/jest': '=',
  '@types/node': '=',
  constructs: '=',
  jest: '=',
  'ts-jest': '=',
  'ts-node': '=',
  tsx: '=',
};

/** What docs and `goldsmith init` tell users to write. */
const TSCONFIG = {
  compilerOptions: { target: 'es2022', module: 'nodenext', strict: true, skipLibCheck: true, types: ['node'] },
  'ts-node': { transpileOnly: true },
};

jest.setTimeout(900_000);

/**
 * Whether the declarations of libraries are checked too, which costs some 9 s each time, nearly all of it for zod's. What a
 * compiler cannot read it cannot read however it found it, and what a resolution does not find the fastest compiler finds missing.
 */
function checksLibraries(compiler: string, resolution: string): boolean {
  return (
    resolution === 'nodenext' ||
    compiler === 'typescript-7.0' ||
    (resolution === 'node10' && compiler === 'typescript-5.4')
  );
}

describeIf(hasRegistry(), "npm's registry does not answer (npm ping)", 'the packed package', () => {
  let consumers: Consumers;

  beforeAll(async () => {
    consumers = await Consumers.install(TOOLS);
    for (const [project, type] of Object.entries({ cjs: 'commonjs', esm: 'module' })) {
      consumers.write(`${project}/package.json`, { private: true, type });
      consumers.write(`${project}/tsconfig.json`, TSCONFIG);
      consumers.write(`${project}/images.ts`, IMAGES);
      consumers.write(`${project}/types.ts`, TYPES);
    }
  });

  afterAll(() => consumers?.remove());

  const builds = { status: 0, output: expect.stringContaining('hello from a consumer') as string };

  test('builds under ts-node in a CommonJS project', async () => {
    expect(await consumers.node('cjs', consumers.bin('ts-node'), 'images.ts', 'build')).toMatchObject(builds);
  });

  test.each(['cjs', 'esm'])('builds under tsx in a project of type %s', async (project) => {
    expect(await consumers.node(project, consumers.bin('tsx'), 'images.ts', 'build')).toMatchObject(builds);
  });

  test.each(['cjs', 'esm'])('builds by its own command in a project of type %s', async (project) => {
    expect(await consumers.node(project, consumers.bin('goldsmith'), 'build')).toMatchObject(builds);
  });

  test.each(['cjs', 'esm'])('builds when it is compiled, in a project of type %s', async (project) => {
    const tsc = consumers.bin('typescript', 'tsc');
    expect(await consumers.node(project, tsc, '--outDir', 'out', '--noEmit', 'false')).toMatchObject({ status: 0 });
    expect(await consumers.node(project, 'out/images.js', 'build')).toMatchObject(builds);
  });

  test('gives its names to a plain ES module', async () => {
    consumers.write('cjs/images.mjs', PLAIN_MODULE);
    const listed = await consumers.node('cjs', 'images.mjs', 'list');
    expect(listed).toMatchObject({ status: 0, output: expect.stringContaining('Hello/Docker') as string });
  });

  test('gives the schema of its plans', async () => {
    const program = "console.log(require('goldsmith/plan.schema.json').title)";
    expect(await consumers.node('cjs', '-e', program)).toEqual({ status: 0, output: 'goldsmith plan\n' });
  });

  test("is imported by a user's own tests under ts-jest, and builds nothing", async () => {
    consumers.write('jest/package.json', { private: true, jest: { transform: { '\\.ts$': 'ts-jest' } } });
    consumers.write('jest/tsconfig.json', {
      compilerOptions: { ...TSCONFIG.compilerOptions, types: ['node', 'jest'], isolatedModules: true },
    });
    consumers.write('jest/images.ts', IMAGES);
    consumers.write('jest/images.test.ts', USERS_TEST);
    const tested = await consumers.node('jest', consumers.bin('jest'));
    expect(tested).toMatchObject({ status: 0, output: expect.stringContaining('1 passed') as string });
    expect(tested.output).not.toContain('hello from a consumer');
    expect(['goldsmith.out', '.goldsmith'].filter((name) => consumers.exists(`jest/${name}`))).toEqual([]);
  });

  describe.each(Object.keys(COMPILERS))('for %s', (compiler) => {
    const resolutions: [string, string, object][] = [
      // zod's own declarations want `esModuleInterop` where a module can still do without.
      ['node10', 'cjs', { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true }],
      ['node16', 'cjs', { module: 'node16' }],
      ['nodenext', 'cjs', { module: 'nodenext', exactOptionalPropertyTypes: true }],
      ['nodenext, as an ES module', 'esm', { module: 'nodenext' }],
      ['bundler', 'esm', { module: 'esnext', moduleResolution: 'bundler' }],
    ];
    // TypeScript 7 took the oldest resolution away. What the oldest and the newest resolve, those between them do.
    const between = compiler !== 'typescript-5.4' && compiler !== 'typescript-7.0';
    const left = resolutions.filter(([name]) =>
      between ? name === 'nodenext' : compiler !== 'typescript-7.0' || name !== 'node10',
    );

    test.each(left)('has types under %s', async (name, project, options) => {
      const skipLibCheck = !checksLibraries(compiler, name);
      const config = `tsconfig.${compiler}.${name.replace(/\W+/g, '-')}.json`;
      const common = { target: 'es2022', strict: true, skipLibCheck, noEmit: true, types: ['node'] };
      consumers.write(`${project}/${config}`, { compilerOptions: { ...common, ...options }, files: ['types.ts'] });
      const tsc = consumers.bin(compiler, 'tsc');
      const { status, output } = await consumers.node(project, tsc, '-p', config);
      expect({ status, output: output.slice(0, 2000) }).toEqual({ status: 0, output: '' });
    });
  });
});
