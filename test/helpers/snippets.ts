import * as path from 'node:path';
import * as ts from 'typescript';
import { ROOT, type CodeBlock } from './markdown';

/** Entry points of the package whose names a fragment may use without importing them; the first that has a name wins. */
const MODULES = [
  'index',
  'platforms/docker/index',
  'platforms/sandbox/index',
  'platforms/qemu/index',
  'platforms/null/index',
  'platforms/aws/index',
  'testing/index',
];
const SPECIFIERS = [
  'goldsmith',
  'goldsmith/docker',
  'goldsmith/sandbox',
  'goldsmith/qemu',
  'goldsmith/null',
  'goldsmith/aws',
  'goldsmith/testing',
];

/** Other things that fragments speak of. */
const GIVEN: Readonly<Record<string, string>> = {
  Construct: `import { Construct } from 'constructs';`,
  z: `import { z } from 'zod';`,
  app: `declare const app: import('goldsmith').App;`,
  core: `declare const core: import('goldsmith').Image;`,
  web: `declare const web: import('goldsmith').Image;`,
  cloud: `declare const cloud: { list(): Promise<string[]> };`,
  acme: `declare const acme: import('goldsmith').PlatformExtension;`,
  FileProps: `interface FileProps { readonly source?: import('goldsmith').Text; readonly content?: import('goldsmith').Text }`,
};

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  types: ['node', 'jest'],
};

/** Whether a block is a program of its own, rather than a piece of one. */
export function isProgram({ code }: CodeBlock): boolean {
  return /\bnew App\(/.test(code) && /^import /m.test(code);
}

/**
 * Type-checks blocks against the published types. A fragment gets what it does not declare or import itself: all public
 * names, and an `app` with the images `core` and `web`. Returns what is wrong, each with its page and line.
 */
export function typeCheck(blocks: readonly CodeBlock[]): readonly string[] {
  const names = publicNames();
  const files = new Map(
    blocks.map((block, index) => {
      // ES modules, so that a fragment may `await`; each has its prelude on one line, so that lines can be told.
      const file = path.join(ROOT, `docs-check-${index}.mts`);
      return [file, { block, text: `${isProgram(block) ? '' : preludeFor(block.code, names)}\n${block.code}\n` }];
    }),
  );
  const host = ts.createCompilerHost(OPTIONS);
  const { readFile, fileExists, getSourceFile } = host;
  host.fileExists = (file) => files.has(path.normalize(file)) || fileExists(file);
  host.readFile = (file) => files.get(path.normalize(file))?.text ?? readFile(file);
  host.getSourceFile = (file, version, ...rest) => {
    const own = files.get(path.normalize(file));
    return own ? ts.createSourceFile(file, own.text, version) : getSourceFile(file, version, ...rest);
  };
  const program = ts.createProgram([...files.keys()], OPTIONS, host);
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
    const own = diagnostic.file && files.get(path.normalize(diagnostic.file.fileName));
    if (!own) return `${diagnostic.file?.fileName ?? 'compiler'}: ${message}`;
    const { line } = ts.getLineAndCharacterOfPosition(diagnostic.file!, diagnostic.start ?? 0);
    return `${own.block.at}, line ${line} of the block: ${message}`;
  });
}

/** Which entry point has which name. */
function publicNames(): ReadonlyMap<string, string> {
  const entries = MODULES.map((module) => path.join(ROOT, 'dist', `${module}.d.ts`));
  const program = ts.createProgram(entries, OPTIONS);
  const checker = program.getTypeChecker();
  const names = new Map<string, string>();
  for (const [index, entry] of entries.entries()) {
    const file = program.getSourceFile(entry);
    const symbol = file && checker.getSymbolAtLocation(file);
    if (!symbol) throw new Error(`${entry} is missing: compile first (npx tsc --build)`);
    for (const { name } of checker.getExportsOfModule(symbol)) {
      if (!names.has(name)) names.set(name, SPECIFIERS[index]!);
    }
  }
  return names;
}

function preludeFor(code: string, names: ReadonlyMap<string, string>): string {
  const own = declaredIn(code);
  const wanted = (name: string): boolean => !own.has(name) && new RegExp(`\\b${name}\\b`).test(code);
  const imports = SPECIFIERS.map((specifier) => {
    const found = [...names].filter(([name, from]) => from === specifier && wanted(name)).map(([name]) => name);
    return found.length === 0 ? '' : `import { ${found.join(', ')} } from '${specifier}';`;
  });
  const given = Object.entries(GIVEN).flatMap(([name, text]) => (wanted(name) && !names.has(name) ? [text] : []));
  return [...imports, ...given].join(' ');
}

/** Names that a block declares or imports at its top. */
function declaredIn(code: string): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (name: ts.BindingName | undefined): void => {
    if (!name) return;
    if (ts.isIdentifier(name)) names.add(name.text);
    else for (const element of name.elements) if (ts.isBindingElement(element)) add(element.name);
  };
  for (const statement of ts.createSourceFile('block.mts', code, ts.ScriptTarget.ES2022).statements) {
    if (ts.isVariableStatement(statement)) for (const { name } of statement.declarationList.declarations) add(name);
    else if (ts.isImportDeclaration(statement)) {
      const bindings = statement.importClause?.namedBindings;
      if (bindings && ts.isNamedImports(bindings)) for (const { name } of bindings.elements) add(name);
    } else if ('name' in statement) add(statement.name as ts.Identifier | undefined);
  }
  return names;
}
