/** The constructs that a program is written with, found in the entry points as their users find them. */

const path = require('node:path');
const ts = require('typescript');
const { proseOf, tagOf } = require('./jsdoc.cjs');
const { objectsIn, propsOf } = require('./read-props.cjs');
const { resolved } = require('./types.cjs');

const root = path.join(__dirname, '../..');

/** What extensions are made of: base class, and the kind of extension. */
const KINDS = {
  Source: 'source',
  Provisioner: 'provisioner',
  VerificationBase: 'verification',
  PostProcessor: 'post-processor',
};

/** @param entryPoints names below lib/, with the specifier that a user imports */
function readCode(entryPoints) {
  const files = entryPoints.map(({ name }) => ['', '/index'].map((end) => path.join(root, 'lib', `${name}${end}.ts`)));
  const config = ts.readConfigFile(path.join(root, 'tsconfig.json'), ts.sys.readFile).config;
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const program = ts.createProgram(
    files.map((candidates) => candidates.find(ts.sys.fileExists)),
    { ...options, noEmit: true, incremental: false, tsBuildInfoFile: undefined },
  );
  const checker = program.getTypeChecker();
  const exportsOf = (candidates) =>
    checker
      .getExportsOfModule(
        checker.getSymbolAtLocation(candidates.map((file) => program.getSourceFile(file)).find(Boolean)),
      )
      .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol));
  const modules = entryPoints.map((entryPoint, index) => ({ ...entryPoint, symbols: exportsOf(files[index]) }));
  const find = (name) => modules.flatMap(({ symbols }) => symbols).find((symbol) => symbol.name === name);
  return {
    constructs: modules.flatMap((module) =>
      module.symbols.flatMap((symbol) => constructOf(symbol, module.specifier, checker)),
    ),
    exported: modules.map(({ specifier, symbols }) => ({ specifier, names: symbols.map(({ name }) => name) })),
    interfaceNamed: (name) => described(find(name), checker),
    proseNamed: (name) => proseOf(find(name), checker),
    membersNamed: (name) =>
      [...find(name).members.values()].map((member) => ({
        name: member.name,
        meaning: proseOf(member, checker).join(' '),
      })),
  };
}

/** A class of an extension, or one of goldsmith's own whose last parameter are its props. */
function constructOf(symbol, specifier, checker) {
  const declaration = symbol.declarations?.find(ts.isClassDeclaration);
  if (!declaration || declaration.modifiers.some(({ kind }) => kind === ts.SyntaxKind.AbstractKeyword)) return [];
  const constructor = declaration.members.find(ts.isConstructorDeclaration);
  const parameter = constructor?.parameters.at(-1);
  if (parameter?.name.getText() !== 'props') return [];
  const base = basesOf(checker.getDeclaredTypeOfSymbol(symbol), checker).find((name) => KINDS[name]);
  const type = checker.getTypeAtLocation(parameter);
  const props = propsOf(checker.getNonNullableType(type), checker);
  return {
    name: symbol.name,
    specifier,
    base,
    kind: base === undefined ? 'construct' : KINDS[base],
    extension: base && extensionOf(constructor, checker),
    prose: proseOf(symbol, checker),
    example: tagOf(symbol, 'example', checker),
    props,
    propsName: type.symbol.name,
    owners: ownersOf(type.symbol, props, checker),
    objects: objectsIn(props, checker),
  };
}

function basesOf(type, checker) {
  return (checker.getBaseTypes(type) ?? []).flatMap((base) => [base.symbol.name, ...basesOf(base, checker)]);
}

/** Name of the extension that the constructor hands on: the last thing it gives to `super`. */
function extensionOf(constructor, checker) {
  const calls = constructor.body.statements.flatMap((statement) =>
    ts.isExpressionStatement(statement) && ts.isCallExpression(statement.expression) ? [statement.expression] : [],
  );
  const given = calls.find(({ expression }) => expression.kind === ts.SyntaxKind.SuperKeyword)?.arguments.at(-1);
  return given && resolved(given, checker).name;
}

/** The interfaces that the props are declared in, with what they say of themselves. */
function ownersOf(propsSymbol, props, checker) {
  const symbols = new Set([propsSymbol, ...props.map(({ owner }) => owner)]);
  return new Map([...symbols].map((symbol) => [symbol.name, proseOf(symbol, checker)]));
}

/** An interface: what it says of itself and of its members. */
function described(symbol, checker) {
  const props = propsOf(checker.getDeclaredTypeOfSymbol(symbol), checker);
  return { name: symbol.name, prose: proseOf(symbol, checker), props, objects: objectsIn(props, checker) };
}

module.exports = { readCode };
