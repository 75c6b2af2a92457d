import * as fs from 'node:fs';
import * as path from 'node:path';
import { z } from 'zod';
import { atMostOne, exactlyOne, isExtension, props, textProp, type Text } from '../lib';
import { anchorsOf, blocksOf, proseOf, read, ROOT } from './helpers/markdown';
import { typeCheck } from './helpers/snippets';

// Compilers are slow to start where much else runs.
jest.setTimeout(180_000);

interface Prop {
  readonly name: string;
  readonly meaning: string;
  readonly required: boolean;
  readonly default: string | undefined;
}
interface Described {
  readonly name: string;
  readonly props: readonly Prop[];
  readonly objects: readonly Described[];
}
interface Reference {
  readonly pages: readonly (Described & { readonly specifier: string; readonly extension: string | undefined })[];
  readonly commons: readonly Described[];
  readonly files: ReadonlyMap<string, string>;
}

const tool = require('../tools/reference/index.cjs') as { reference(load: (name: string) => object): Reference };
const { rulesOf } = require('../tools/reference/rules.cjs') as { rulesOf(schema: object): readonly string[] };

const folder = 'docs/reference';
const load = (name: string): object => require(path.join(ROOT, 'lib', name)) as object;

describe('docs/reference/', () => {
  let generated: Reference;
  beforeAll(() => {
    generated = tool.reference(load);
  });

  test('is what the code says', () => {
    const there = fs.readdirSync(path.join(ROOT, folder));
    const files = new Set([...there, ...generated.files.keys()]);
    const stale = [...files].filter(
      (file) => !there.includes(file) || read(`${folder}/${file}`) !== generated.files.get(file),
    );
    expect(stale.map((file) => `${folder}/${file} is not current: run \`npm run reference\``)).toEqual([]);
  });

  test('has a page for each extension that the package exports and a program has a construct for', () => {
    const specifiers = ['goldsmith', ...platforms().map((name) => `goldsmith/${name}`)];
    const exported = specifiers.flatMap((specifier) =>
      Object.entries(load(specifier === 'goldsmith' ? 'index' : specifier.replace('goldsmith', 'platforms')))
        // Secrets and lookups are no constructs: guides tell of them.
        .filter(([, value]) => isExtension(value) && value.kind !== 'secret' && value.kind !== 'lookup')
        .map(([name]) => `${specifier} ${name}`),
    );
    const documented = generated.pages.flatMap(({ specifier, extension }) =>
      extension === undefined ? [] : [`${specifier} ${extension}`],
    );
    expect(exported.length).toBeGreaterThan(10);
    expect(documented.sort()).toEqual(exported.sort());
  });

  test('says of each prop what it means, and of each that may be left out what happens then', () => {
    const described = [...generated.pages, ...generated.commons].flatMap((one) => [one, ...one.objects]);
    const lacking = described.flatMap(({ name, props: members }) =>
      members.flatMap((prop) => [
        ...(prop.meaning === '' ? [`${name}.${prop.name} has no comment that says what it means`] : []),
        ...(prop.required || prop.default ? [] : [`${name}.${prop.name} has no @default`]),
      ]),
    );
    expect([...new Set(lacking)]).toEqual([]);
  });
});

describe('in the pages', () => {
  const pages = fs.readdirSync(path.join(ROOT, folder)).map((file) => `${folder}/${file}`);

  test('every link leads somewhere', () => {
    const broken = pages.flatMap((page) => {
      const prose = proseOf(page);
      const targets = [...prose.matchAll(/\]\(([^)\s]+)\)|^\[\w+\]: (\S+)$/gm)].map(([, one, other]) => one ?? other!);
      const undefinedOnes = [...prose.matchAll(/\]\[(\w+)\]/g)].filter(([, name]) => !prose.includes(`\n[${name}]: `));
      return [
        ...targets.filter((target) => !leadsSomewhere(page, target)),
        ...undefinedOnes.map(([, name]) => `[${name}]`),
      ].map((target) => `${page}: ${target}`);
    });
    expect(broken).toEqual([]);
  });

  test('every example passes the compiler, with the imports that it shows', () => {
    const blocks = pages.flatMap(blocksOf);
    expect(blocks.length).toBeGreaterThan(20);
    expect(typeCheck(blocks)).toEqual([]);
  });
});

describe('rules between props', () => {
  interface ThreeProps {
    readonly one?: Text;
    readonly two?: boolean;
    readonly three?: readonly ('a' | 'b')[];
  }
  const shape = {
    one: textProp().optional(),
    two: z.boolean().optional(),
    three: z.array(z.enum(['a', 'b'])).optional(),
  };

  test('are found by asking the schema, without what was given', () => {
    const schema = props<ThreeProps>()(shape, exactlyOne('one', 'two'), atMostOne('two', 'three'));
    expect(rulesOf(schema)).toEqual([
      'Exactly one of `one`, `two` is needed.',
      'At most one of `two`, `three` may be given.',
    ]);
  });

  test('that are the same of several props become one', () => {
    const schema = props<ThreeProps>()(shape, (given) => {
      const wrong = ['two', 'three'].find((name) => given['one'] !== undefined && given[name] !== undefined);
      return wrong === undefined ? undefined : `\`${wrong}\` is of no use with \`one\``;
    });
    expect(rulesOf(schema)).toEqual(['`two` and `three` is of no use with `one`.']);
  });

  test('there are none where the schema has none', () => {
    expect(rulesOf(props<ThreeProps>()(shape))).toEqual([]);
  });
});

function platforms(): readonly string[] {
  return fs.readdirSync(path.join(ROOT, 'lib/platforms'));
}

function leadsSomewhere(page: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const full = file === '' ? page : path.posix.join(path.posix.dirname(page), file);
  if (!fs.existsSync(path.join(ROOT, full))) return false;
  return anchor === undefined || anchorsOf(full).has(anchor);
}
