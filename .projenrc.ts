import { javascript, TextFile, typescript } from 'projen';

/** All of one line of versions: they share their inner packages. */
const AWS_SDK = [
  'client-ec2@^3.1169.0',
  'client-iam@^3.1169.0',
  // The newest that is published.
  'client-secrets-manager@^3.1163.0',
  'client-ssm@^3.1169.0',
  'client-sts@^3.1169.0',
  'credential-providers@^3.1169.0',
].map((name) => `@aws-sdk/${name}`);

/**
 * The one place that decides the project's configuration. `npx projen` writes package.json,
 * the tsconfigs and the ignore files from it; nobody edits those by hand.
 */
const project = new typescript.TypeScriptProject({
  name: 'goldsmith',
  description: 'Golden machine images as code: TypeScript constructs that build real images on every platform',
  authorName: 'The goldsmith authors',
  keywords: ['image', 'golden-image', 'packer', 'docker', 'oci', 'ami', 'constructs', 'infrastructure-as-code'],
  license: 'Apache-2.0',
  copyrightOwner: 'The goldsmith authors',
  packageManager: javascript.NodePackageManager.NPM,
  minNodeVersion: '20.19.0',
  defaultReleaseBranch: 'main',
  srcdir: 'lib',
  libdir: 'dist',
  artifactsDirectory: 'release',
  entrypoint: 'dist/index.js',
  entrypointTypes: 'dist/index.d.ts',
  bin: { goldsmith: 'dist/cli/main.js' },

  deps: [
    'zod@^4.1.0',
    'dockerode@^5.0.1',
    'commander@^14.0.0',
    'ignore@^7.0.5',
    'picocolors@^1.1.1',
    'ssh2@^1.17.0',
    'tar-stream@^3.1.7',
  ],
  // The SDKs of clouds are the user's to install: who builds no AMI loads none of them.
  peerDeps: ['constructs@^10.5.0', ...AWS_SDK],
  peerDependencyOptions: { pinnedDevDependency: false },
  devDeps: [
    'constructs@^10.5.0',
    ...AWS_SDK,
    'typescript@~5.9.3',
    'ts-node@^10.9.2',
    'tsx@^4.20.0',
    '@types/node@^20.19.0',
    '@types/dockerode@^4.0.2',
    '@types/ssh2@^1.15.5',
    '@types/tar-stream@^3.1.3',
    'ajv@^8.17.0',
    'fast-check@^4.3.0',
    'eslint@^9.36.0',
    'typescript-eslint@^8.45.0',
    'prettier@^3.6.0',
    'typedoc@^0.28.0',
    '@microsoft/api-extractor@^7.52.0',
  ],

  projenrcTs: true,
  sampleCode: false,
  github: false,
  release: false,
  buildWorkflow: false,
  depsUpgrade: false,
  pullRequestTemplate: false,
  eslint: false,
  licensed: true,
  docgen: false,

  tsconfig: {
    compilerOptions: {
      target: 'es2022',
      lib: ['es2022', 'esnext.disposable'],
      module: 'node20',
      moduleResolution: javascript.TypeScriptModuleResolution.NODE16,
      isolatedModules: true,
      incremental: true,
      // Beside what it describes, so that who deletes dist/ gets all of it back.
      tsBuildInfoFile: 'dist/.tsbuildinfo',
      // Sources are not in the package, and maps with them inlined would double its size.
      inlineSourceMap: false,
      inlineSources: false,
      types: ['node'],
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noPropertyAccessFromIndexSignature: false,
      stripInternal: true,
    },
  },

  jest: true,
  jestOptions: {
    jestVersion: '^30.0.0',
    junitReporting: false,
    updateSnapshot: javascript.UpdateSnapshot.NEVER,
    configFilePath: 'jest.config.json',
    jestConfig: {
      collectCoverage: false,
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      moduleNameMapper: {
        '^goldsmith$': '<rootDir>/lib',
        '^goldsmith/(aws|docker|sandbox|qemu|null)$': '<rootDir>/lib/platforms/$1',
        '^goldsmith/(.*)$': '<rootDir>/lib/$1',
      },
      testTimeout: 60_000,
      maxWorkers: '100%',
    },
  },
  gitignore: [
    '/release',
    '/.tmp',
    'goldsmith.out',
    '.goldsmith',
    '*.tsbuildinfo',
    '/examples/**/artifacts',
    '/docs/api',
  ],
  npmignoreEnabled: false,
});

// The registry that serves jest 30's resolver can lack some platforms' siblings in newer versions, which breaks `npm ci`.
project.package.addPackageResolutions('unrs-resolver@1.12.2');

const optional = AWS_SDK.map((spec) => [spec.slice(0, spec.lastIndexOf('@')), { optional: true }] as const);
project.package.addField('peerDependenciesMeta', Object.fromEntries(optional));

const subpaths = {
  aws: 'platforms/aws',
  docker: 'platforms/docker',
  sandbox: 'platforms/sandbox',
  qemu: 'platforms/qemu',
  null: 'platforms/null',
  rehearsal: 'rehearsal',
  testing: 'testing',
  engine: 'engine',
};
project.package.addField('type', 'commonjs');
project.package.addField('files', [
  'dist',
  '!dist/.tsbuildinfo',
  'docs/plan.schema.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
]);
project.package.addField('exports', {
  '.': { types: './dist/index.d.ts', default: './dist/index.js' },
  ...Object.fromEntries(
    Object.entries(subpaths).map(([name, folder]) => [
      `./${name}`,
      { types: `./dist/${folder}/index.d.ts`, default: `./dist/${folder}/index.js` },
    ]),
  ),
  './plan.schema.json': './docs/plan.schema.json',
  './package.json': './package.json',
});
// TypeScript's oldest module resolution does not read `exports`.
project.package.addField('typesVersions', {
  '*': Object.fromEntries(Object.entries(subpaths).map(([name, folder]) => [name, [`dist/${folder}/index.d.ts`]])),
});

const testConfig = project.tryFindObjectFile('test/tsconfig.json');
testConfig?.addOverride('include', ['**/*.ts', '../bench/**/*.ts']);
testConfig?.addOverride('compilerOptions.types', ['node', 'jest']);
testConfig?.addOverride('compilerOptions.tsBuildInfoFile', '../node_modules/.cache/test.tsbuildinfo');
project.tryFindObjectFile('projenrc/tsconfig.json')?.addOverride('compilerOptions.incremental', false);
project.tryFindObjectFile('projenrc/tsconfig.json')?.addOverride('compilerOptions.tsBuildInfoFile', null);

const jestConfig = project.tryFindObjectFile('jest.config.json');
jestConfig?.addOverride('testMatch', ['<rootDir>/test/**/*.test.ts']);
// The second says at the end what was skipped, and how to get what was missing.
jestConfig?.addOverride('reporters', ['default', '<rootDir>/tools/skip-reporter.cjs']);

new TextFile(project, '.prettierrc.json', {
  lines: [JSON.stringify({ singleQuote: true, printWidth: 120, trailingComma: 'all' }), ''],
});

const code = '"**/*.{ts,mts,cts,js,mjs,cjs}"';
// `npm ci` in a clone leaves a compiled package behind, so that the examples run at once.
project.setScript('prepare', 'tsc --build');
// What is published is compiled from nothing: no output of a source that is gone.
project.setScript('prepack', 'node -e "fs.rmSync(\'dist\', { recursive: true, force: true })" && tsc --build');
project.setScript('test', 'node tools/test.mjs');
project.setScript('lint', `eslint . && prettier --check ${code}`);
project.setScript('format', `eslint --fix . ; prettier --write ${code}`);
project.setScript('api', 'tsc --build && node tools/api-report.mjs --update');
project.setScript('schema', 'tsc --build && node tools/plan-schema.mjs');
project.setScript('reference', 'tsc --build && node tools/reference.mjs');
project.setScript('docs', 'typedoc');
project.setScript('bench', 'tsc --build && ts-node --transpile-only bench/run.ts');
project.setScript('faults', 'ts-node --transpile-only test/rehearsal/aws/faults-run/main.ts');

project.testTask.reset('node tools/test.mjs', { receiveArgs: true });

project.synth();
