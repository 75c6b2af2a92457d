/** The props of an interface, as the code says them. */

const ts = require('typescript');
const { proseOf, tagOf } = require('./jsdoc.cjs');
const { typeOf } = require('./types.cjs');

/** Props of a type with what it inherits, those of each interface in the order in which it declares them. */
function propsOf(type, checker) {
  return type.getProperties().map((symbol) => {
    const declaration = symbol.declarations[0];
    return {
      name: symbol.name,
      meaning: proseOf(symbol, checker).join(' '),
      default: tagOf(symbol, 'default', checker),
      required: (symbol.flags & ts.SymbolFlags.Optional) === 0,
      type: typeOf(declaration.type, checker),
      owner: checker.getSymbolAtLocation(declaration.parent.name),
    };
  });
}

/** Interfaces that props name, and those that these name. */
function objectsIn(props, checker, found = new Map()) {
  for (const symbol of props.flatMap(({ type }) => type.nested)) {
    if (found.has(symbol.name)) continue;
    const members = propsOf(checker.getDeclaredTypeOfSymbol(symbol), checker);
    found.set(symbol.name, { name: symbol.name, prose: proseOf(symbol, checker), props: members });
    objectsIn(members, checker, found);
  }
  return [...found.values()];
}

module.exports = { objectsIn, propsOf };
