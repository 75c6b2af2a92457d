/**
 * The API report of each entry point, etc/<name>.api.md: what of it is public, as a file whose changes a review sees. With
 * --update the reports are written; without, one that is not current fails. Needs the compiled package.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { CompilerState, Extractor, ExtractorConfig, ExtractorLogLevel } = require('@microsoft/api-extractor');

const root = fileURLToPath(new URL('..', import.meta.url));
const update = process.argv.includes('--update');
const packageJson = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

/** Entry points with types: name of the report, and the declarations it is of. */
const entries = Object.entries(packageJson.exports).flatMap(([subpath, target]) =>
  typeof target === 'string' ? [] : [[['goldsmith', ...subpath.split('/').slice(1)].join('-'), target.types]],
);

function reportOf(config) {
  return path.basename(config.reportFilePath);
}

function configOf([name, types]) {
  return ExtractorConfig.prepare({
    packageJsonFullPath: path.join(root, 'package.json'),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: path.join(root, types),
      newlineKind: 'lf',
      compiler: { tsconfigFilePath: path.join(root, 'tsconfig.json') },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: path.join(root, 'etc'),
        reportTempFolder: path.join(root, '.tmp/api'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        extractorMessageReporting: {
          default: { logLevel: 'warning' },
          // Everything exported is public: there are no releases with less.
          'ae-missing-release-tag': { logLevel: 'none' },
          // An entry point may speak of what another one exports.
          'ae-forgotten-export': { logLevel: 'none' },
          // Looked for below: exports and props need words, `signal` and `size` do not.
          'ae-undocumented': { logLevel: 'none' },
          // An editor finds a {@link member} of the class itself; this tool wants it written in full.
          'ae-unresolved-link': { logLevel: 'none' },
        },
        // Comments are JSDoc for editors: `@default`, and examples with braces as they are.
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
  });
}

const configs = entries.map(configOf);
mkdirSync(path.join(root, 'etc'), { recursive: true });
const compilerState = CompilerState.create(configs[0], {
  additionalEntryPoints: configs.slice(1).map((config) => config.mainEntryPointFilePath),
});
for (const config of configs) {
  const problems = [];
  const result = invoke(config, problems);
  if (result) problems.push(...undocumented(readFileSync(config.reportTempFilePath, 'utf8')));
  if (result?.apiReportChanged && !update) problems.push(`etc/${reportOf(config)} is not current: npm run api`);
  for (const problem of problems) process.stderr.write(`${reportOf(config)}: ${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
}
rmSync(path.join(root, '.tmp/api'), { recursive: true, force: true });

function invoke(config, problems) {
  const options = {
    localBuild: update,
    compilerState,
    messageCallback: (message) => {
      message.handled = true;
      if (message.category === 'console') return;
      if (message.logLevel === ExtractorLogLevel.Warning || message.logLevel === ExtractorLogLevel.Error) {
        const file = message.sourceFilePath
          ? `${path.relative(root, message.sourceFilePath)}:${message.sourceFileLine}: `
          : '';
        problems.push(`${file}${message.text} (${message.messageId})`);
      }
    },
  };
  try {
    return Extractor.invoke(config, options);
  } catch (error) {
    // Such as a declaration that names what `@internal` has stripped.
    problems.push(error.message);
    return undefined;
  }
}

/** Exports, and members of props and options, that say nothing about themselves. */
function undocumented(report) {
  const found = [];
  let owner = '';
  for (const [, silent, line] of report.matchAll(/^((?:\s*\/\/ .*\n)*)(.+)$/gm)) {
    const exported = /^export (?:declare )?(?:abstract )?(?:interface|class|function|const|type|namespace) (\w+)/.exec(
      line,
    );
    if (/^\S/.test(line)) owner = exported?.[1] ?? '';
    const counts = exported ?? (/(Props|Options)$/.test(owner) ? /^ {4}(?:readonly )?(\w+)/.exec(line) : null);
    if (counts && silent.includes('(undocumented)')) {
      found.push(`${exported ? '' : `${owner}.`}${counts[1]} has no comment that says what it is`);
    }
  }
  return found;
}
