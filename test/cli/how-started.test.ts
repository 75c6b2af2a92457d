import { MAIN } from '../../lib/app';
import { howStarted } from '../../lib/cli/how-started';

const argv = process.argv;
const globals = globalThis as { [MAIN]?: string };
afterEach(() => {
  process.argv = argv;
  delete globals[MAIN];
});

const TS_NODE = Symbol.for('ts-node.register.instance');

test.each([
  ['/project/images.js', 'node images.js'],
  ['/project/sub/images.mjs', 'node sub/images.mjs'],
  ['/project/images.ts', 'npx tsx images.ts'],
  ['/project/node_modules/.bin/goldsmith', 'goldsmith'],
  ['/project/node_modules/goldsmith/dist/cli/main.js', 'goldsmith'],
])('%s was started with `%s`', (file, command) => {
  process.argv = [process.execPath, file];
  expect(howStarted('/project')).toBe(command);
});

test('a program that ts-node runs was started with it', () => {
  process.argv = [process.execPath, '/project/examples/quickstart/images.ts'];
  Object.defineProperty(process, TS_NODE, { value: {}, configurable: true });
  try {
    expect(howStarted('/project')).toBe('npx ts-node examples/quickstart/images.ts');
  } finally {
    Reflect.deleteProperty(process, TS_NODE);
  }
});

test("a program that goldsmith's own command loaded was started with that", () => {
  globals[MAIN] = '/project/images.ts';
  process.argv = [process.execPath, '/project/images.ts'];
  expect(howStarted('/project')).toBe('goldsmith');
});
