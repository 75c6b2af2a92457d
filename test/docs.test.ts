import * as fs from 'node:fs';
import * as path from 'node:path';
import { Checkout } from './examples/helpers/checkout';
import { commandsIn, helpOf } from './helpers/documented-commands';
import { errorsPage } from './helpers/errors-page';
import { anchorsOf, blocksOf, examplesInCode, pages, proseOf, read, ROOT } from './helpers/markdown';
import { isProgram, typeCheck } from './helpers/snippets';

// Compilers are slow to start where much else runs.
jest.setTimeout(180_000);

const code = pages().flatMap((page) => blocksOf(page).filter(({ language }) => language === 'ts'));

test('docs/errors.md says what lib/errors.ts says (GOLDSMITH_UPDATE_DOCS=1 writes it)', () => {
  const file = path.join(ROOT, 'docs/errors.md');
  if (process.env['GOLDSMITH_UPDATE_DOCS'] === '1') fs.writeFileSync(file, errorsPage());
  expect(fs.readFileSync(file, 'utf8')).toBe(errorsPage());
});

test('every block of TypeScript in the pages, and every example in the comments, passes the compiler', () => {
  expect(code.length).toBeGreaterThan(20);
  expect(typeCheck([...code, ...examplesInCode()])).toEqual([]);
});

describe('a whole program in a page', () => {
  let checkout: Checkout;
  beforeAll(() => {
    checkout = Checkout.with();
  });
  afterAll(() => checkout.remove());

  test.each(code.filter(isProgram).map((block) => [block.at, block.code]))(
    'can be synthesised: %s',
    async (at, text) => {
      const folder = at.replace(/\W+/g, '-');
      write(checkout.path(folder, 'images.ts'), text);
      write(checkout.path(folder, 'tsconfig.json'), read('examples/quickstart/tsconfig.json'));
      for (const [, file] of text.matchAll(/(?:source|script): '([^']+)'/g)) {
        write(checkout.path(folder, file!.endsWith('/') ? `${file}index.html` : file!), '');
      }
      const plan = JSON.parse(await checkout.must(folder, 'ts-node', ['images.ts', 'synth', '--stdout'])) as {
        nodes: unknown[];
      };
      expect(plan.nodes.length).toBeGreaterThan(0);
    },
  );
});

test('every relative link leads somewhere', () => {
  const broken = pages().flatMap((page) => {
    const links = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
    return links
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => !leadsSomewhere(page, target))
      .map((target) => `${page}: ${target}`);
  });
  expect(broken).toEqual([]);
});

function leadsSomewhere(page: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const full = file === '' ? page : path.posix.join(path.posix.dirname(page), file);
  if (!fs.existsSync(path.join(ROOT, full))) return false;
  return anchor === undefined || anchorsOf(full).has(anchor);
}

describe('commands', () => {
  const help = helpOf();

  test('that the pages name exist, with their options', () => {
    const uses = pages().flatMap(commandsIn);
    expect(uses.length).toBeGreaterThan(30);
    const wrong = uses.flatMap(({ at, words }) => {
      // Without a command, a program builds.
      const command = words[0] === undefined || words[0].startsWith('-') ? 'build' : words[0];
      const options = help.get(command);
      if (!options) return [`${at}: there is no command ${command}`];
      const unknown = words.filter((word) => /^-/.test(word) && !options.has(word.replace(/=.*/, '')));
      return unknown
        .filter((word) => !['--help', '--version'].includes(word))
        .map((word) => `${at}: ${command} has no ${word}`);
    });
    expect(wrong).toEqual([]);
  });

  test('that the messages of the library name exist', () => {
    const files = fs.readdirSync(path.join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' });
    const wrong = files
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) =>
        [...read(path.posix.join('lib', file)).matchAll(/`goldsmith ([a-z]+)/g)]
          .filter(([, command]) => !help.has(command!))
          .map(([text]) => `${file}: ${text}`),
      );
    expect(wrong).toEqual([]);
  });

  test('that there are, and all their options, are in docs/cli.md', () => {
    const page = read('docs/cli.md');
    const missing = [...help].flatMap(([command, options]) =>
      [command, ...[...options].filter((option) => option !== '-h')].filter(
        (word) => !page.includes(`\`${word}`) && !page.includes(`, ${word}`),
      ),
    );
    expect(missing).toEqual([]);
  });
});

function write(file: string, text: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}
