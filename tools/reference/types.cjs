/** A prop's type as its user writes it: read from the declaration, so that it has its order and its words. */

const ts = require('typescript');

/** What is seen through: what is left is what a user writes. */
const TRANSPARENT = ['Readonly', 'ReadonlyArray'];

/** Text of a type, whether texts in it may be late, and the interfaces that it names. */
function typeOf(node, checker) {
  const seen = { late: false, nested: [] };
  return { text: written(node, { checker, seen }), ...seen };
}

function written(node, context) {
  if (ts.isParenthesizedTypeNode(node)) return written(node.type, context);
  if (ts.isUnionTypeNode(node)) return union(node.types.map((type) => written(type, context)));
  if (ts.isArrayTypeNode(node)) return list(written(node.elementType, context));
  if (ts.isTypeOperatorNode(node)) {
    return node.operator === ts.SyntaxKind.KeyOfKeyword ? keysOf(node.type, context) : written(node.type, context);
  }
  if (ts.isIndexedAccessTypeNode(node)) return indexed(node, context);
  if (ts.isTypeReferenceNode(node)) return reference(node, context);
  if (ts.isFunctionTypeNode(node)) return signature(node, context);
  return node.getText();
}

function reference(node, context) {
  const name = node.typeName.getText();
  if (TRANSPARENT.includes(name)) return written(node.typeArguments[0], context);
  if (name === 'Text') {
    context.seen.late = true;
    return 'string';
  }
  const symbol = resolved(node.typeName, context.checker);
  const [declaration] = symbol.declarations;
  if (ts.isTypeParameterDeclaration(declaration)) return written(declaration.constraint, context);
  const own = !declaration.getSourceFile().isDeclarationFile;
  if (own && ts.isTypeAliasDeclaration(declaration)) return written(declaration.type, context);
  if (own && ts.isInterfaceDeclaration(declaration)) context.seen.nested.push(symbol);
  const given = (node.typeArguments ?? []).map((argument) => written(argument, context));
  return given.length === 0 ? name : `${name}<${given.join(', ')}>`;
}

/** `(typeof LIST)[number]`: the list's entries. `Table[K]`: whatever the table has. */
function indexed({ objectType, indexType }, context) {
  const { checker } = context;
  const type = checker.getTypeFromTypeNode(objectType);
  if (indexType.kind === ts.SyntaxKind.NumberKeyword) {
    return union(checker.getTypeArguments(type).map((entry) => literal(entry.value)));
  }
  return union(type.getProperties().map((member) => written(member.valueDeclaration.type, context)));
}

function keysOf(node, { checker }) {
  const names = checker.getTypeFromTypeNode(node).getProperties();
  return union(names.map(({ name }) => literal(name)));
}

function signature(node, context) {
  const parameters = node.parameters.map((one) => `${one.name.getText()}: ${written(one.type, context)}`);
  return `(${parameters.join(', ')}) => ${written(node.type, context)}`;
}

function union(texts) {
  return [...new Set(texts)].map((text) => (text.includes('=>') ? `(${text})` : text)).join(' | ');
}

function list(element) {
  return / \| |=>/.test(element) ? `(${element})[]` : `${element}[]`;
}

function literal(value) {
  return `'${value}'`;
}

function resolved(name, checker) {
  const symbol = checker.getSymbolAtLocation(name);
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

module.exports = { resolved, typeOf };
