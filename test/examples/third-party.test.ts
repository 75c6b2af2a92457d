import * as fs from 'node:fs';
import * as path from 'node:path';
import { Checkout } from './helpers/checkout';

// Compilers are slow to start where much else runs.
jest.setTimeout(180_000);

const FOLDER = 'examples/third-party';

describe("a third party's extension", () => {
  let checkout: Checkout;
  beforeAll(() => {
    checkout = Checkout.with('third-party');
  });

  beforeAll(async () => {
    checkout.install('third-party', { 'goldsmith-folder': 'goldsmith-folder' });
    await checkout.must(FOLDER, 'tsc', ['-p', 'goldsmith-folder']);
  });
  afterAll(() => checkout.remove());

  test('fits, as the compiler sees it', async () => {
    await checkout.must(FOLDER, 'tsc', ['--noEmit', '-p', '.']);
  });

  test('builds as a platform of goldsmith does: image on image, verified, cached the second time', async () => {
    const output = await checkout.must(FOLDER, 'ts-node', ['images.ts']);
    expect(output).toMatch(/Lobby\/Complete\/Folder: done/);
    expect(checkout.read(FOLDER, 'artifacts/lobby/etc/hosts')).toBe('127.0.0.1 localhost\n127.0.1.1 kiosk\n');
    expect(checkout.read(FOLDER, 'artifacts/lobby/srv/index.html')).toBe('welcome\n');
    expect(fs.readdirSync(checkout.path(FOLDER, '.goldsmith/folder/machines'))).toEqual([]);

    expect(await checkout.must(FOLDER, 'ts-node', ['images.ts'])).toMatch(/3 cached in/);
  });

  test('goes on from its own checkpoint when a later step changes', async () => {
    const images = checkout.path(FOLDER, 'images.ts');
    fs.writeFileSync(images, fs.readFileSync(images, 'utf8').replace('127.0.1.1 kiosk', '127.0.1.1 kiosk kiosk.acme'));
    expect(await checkout.must(FOLDER, 'ts-node', ['images.ts'])).toMatch(/Core\/Folder: Name \(line\)/);
    expect(checkout.read(FOLDER, 'artifacts/lobby/etc/hosts')).toMatch(/kiosk\.acme/);
  });

  test('has its problems reported with those of goldsmith, at their lines', async () => {
    const images = checkout.path(FOLDER, 'images.ts');
    const whole = fs.readFileSync(images, 'utf8');
    fs.writeFileSync(images, whole.replace("path: 'etc/hosts'", "paht: 'etc/hosts'"));
    const { status, stderr } = await checkout.run(FOLDER, 'ts-node', ['images.ts', 'list']);
    fs.writeFileSync(images, whole);
    expect(status).toBe(2);
    expect(stderr).toMatch(/Core\/Name \(images\.ts:\d+\)[^]*unknown prop `paht`\n +hint: .*`path`/);
  });

  describe('run from a plan, without the program', () => {
    const elsewhere = 'elsewhere';
    const goldsmith = (): Parameters<Checkout['run']> => [
      elsewhere,
      process.execPath,
      [checkout.path('dist/cli/main.js'), 'build', 'goldsmith.out/plan.json'],
    ];

    beforeAll(async () => {
      await checkout.must(FOLDER, 'ts-node', ['images.ts', 'synth']);
      fs.cpSync(checkout.path(FOLDER, 'goldsmith.out'), checkout.path(elsewhere, 'goldsmith.out'), { recursive: true });
    });

    test('is asked for by name where it is missing', async () => {
      const { status, stdout } = await checkout.run(...goldsmith());
      expect(status).toBe(1);
      expect(stdout).toMatch(/error\[MODULE_NOT_FOUND\]/);
      expect(stdout).toMatch(/npm install goldsmith-folder/);
    });

    test('is loaded by its module name where it is installed', async () => {
      const module = checkout.path(elsewhere, 'node_modules/goldsmith-folder');
      fs.mkdirSync(path.dirname(module));
      fs.symlinkSync(checkout.path(FOLDER, 'goldsmith-folder'), module);
      expect(await checkout.must(...goldsmith())).toMatch(/3 done in/);
      expect(checkout.read(elsewhere, 'artifacts/lobby/srv/index.html')).toBe('welcome\n');
    });
  });

  test('passes the suite that every driver must pass', async () => {
    const file = 'goldsmith-folder/test/driver.test.ts';
    const output = await checkout.must(FOLDER, process.execPath, ['--require', 'ts-node/register', '--test', file]);
    expect(output).toMatch(/# pass [1-9]\d+$/m);
    expect(output).toMatch(/fail 0$/m);
  });
});
