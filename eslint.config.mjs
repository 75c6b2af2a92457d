import { readFileSync } from 'node:fs';
import tseslint from 'typescript-eslint';

/** Who may import whom in lib/; test/architecture.test.ts holds the same table. */
const arrows = JSON.parse(readFileSync(new URL('tools/arrows.json', import.meta.url), 'utf8'));
/** Anyone may import these. */
const LEAVES = ['errors', 'util'];
/** How deep folders in lib/ nest. */
const DEPTHS = [1, 2, 3, 4, 5];

/** Packages that cost time or memory to load: only types may be imported; the code is required where it is used. */
const HEAVY = ['dockerode', 'ssh2', 'tar-stream', 'ignore', 'commander'];

const heavy = HEAVY.map((name) => ({
  name,
  allowTypeImports: true,
  message: `${name} is loaded when it is needed: require('${name}') inside the function that uses it`,
}));

/** One entry for each zone and depth, since a rule sees the text of an import and not where it leads. */
function zones() {
  return Object.entries(arrows).flatMap(([zone, others]) => {
    const allowed = [...LEAVES, ...others].join('|');
    // A platform is a zone of its own, one folder further down.
    const top = zone === 'platforms' ? 2 : 1;
    return DEPTHS.filter((depth) => depth >= top).map((depth) => ({
      files: [`lib/${zone}/${'*/'.repeat(depth - 1)}*.ts`],
      rules: {
        '@typescript-eslint/no-restricted-imports': [
          'error',
          {
            paths: zone === 'cli' ? [] : heavy,
            patterns: [
              {
                regex: `^(\\.\\./){${depth}}(?!(${allowed})(/|$))`,
                message: `lib/${zone} may import only ${[...LEAVES, ...others].join(', ')}`,
              },
              ...(zone === 'platforms'
                ? [{ regex: `^(\\.\\./){${depth - 1}}(?!\\.\\.)`, message: 'platforms never import each other' }]
                : []),
              { regex: '^goldsmith(/|$)', message: 'lib/ imports itself by relative paths' },
            ],
          },
        ],
      },
    }));
  });
}

const never = [
  { selector: 'ExportDefaultDeclaration', message: 'export it by its name' },
  { selector: 'TSEnumDeclaration', message: 'write a union of literals, or an object that is `as const`' },
];

const notInLibraries = [
  ...never,
  {
    selector: "MemberExpression[object.name='process'][property.name=/^(env|argv|exit|exitCode|stdin|stdout|stderr)$/]",
    message: 'only lib/cli and lib/app.ts look at the process: take `ctx.env`, `ctx.output`, `ctx.say`',
  },
  {
    selector: 'ImportExpression',
    message: "use require('x') as typeof import('x') inside the function: jest cannot import()",
  },
];

export default tseslint.config(
  { ignores: ['dist/', 'release/', 'docs/api/', '**/goldsmith.out/', '**/.goldsmith/', '**/node_modules/'] },
  ...tseslint.configs.strict,
  ...tseslint.configs.stylistic,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'no-restricted-syntax': ['error', ...never],
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // `require('x') as typeof import('x')` inside a function is how heavy packages are loaded late.
      '@typescript-eslint/no-require-imports': 'off',
      // `!` after an index that a line above has checked says so better than a cast.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // A recursive type such as Json can only be an alias.
      '@typescript-eslint/consistent-type-definitions': 'off',
      // An environment, a table of headers: deleting is how they are written to.
      '@typescript-eslint/no-dynamic-delete': 'off',
      // An index signature and a Record are the same; either reads better somewhere.
      '@typescript-eslint/consistent-indexed-object-style': 'off',
    },
  },
  {
    files: ['lib/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      // The reason of an AbortSignal is handed on as it is, and its type is `any`.
      '@typescript-eslint/prefer-promise-reject-errors': [
        'error',
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-deprecated': 'error',
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...notInLibraries],
    },
  },
  { files: ['lib/cli/**/*.ts', 'lib/app.ts'], rules: { 'no-restricted-syntax': ['error', ...never] } },
  // What a terminal is told are control characters.
  { files: ['lib/reporters/**/*.ts', 'test/**/*.ts'], rules: { 'no-control-regex': 'off' } },
  ...zones(),
  // A tool's configuration is exported as the tool wants it.
  { files: ['*.mjs', 'tools/*.cjs'], rules: { 'no-restricted-syntax': 'off' } },
);
