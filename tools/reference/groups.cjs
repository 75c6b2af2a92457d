/** Many props are easier to read in groups: by the interfaces that they are declared in, under what these say of themselves. */

const { sentencesOf } = require('./jsdoc.cjs');

/** Fewer props do not deserve a heading. */
const ENOUGH = 3;

/** Props of the construct itself come first, without a heading. `common` are those that have a page of their own. */
function groupsOf({ props, propsName, owners }, common) {
  const byOwner = new Map([[propsName, []]]);
  for (const prop of props.filter(({ name }) => !common.has(name))) {
    byOwner.set(prop.owner.name, [...(byOwner.get(prop.owner.name) ?? []), prop]);
  }
  // A config in the plan lacks what a construct turns into something else; its user sees one set of props.
  const isOwn = (name) => name === propsName || name.endsWith('ConfigProps');
  const all = [...byOwner].map(([name, members]) => ({ name, members, sentences: sentencesOf(owners.get(name)[0]) }));
  const bare = all.filter(({ name }) => isOwn(name)).every(({ members }) => members.length === 0);
  const apart = bare ? [] : all.filter(({ name, members }) => !isOwn(name) && members.length >= ENOUGH);
  const own = all.filter((group) => !apart.includes(group));
  return {
    own: own.flatMap(({ members }) => members),
    // "Props of X." is what the page's title says already.
    claims: own.filter(({ name }) => name === propsName).flatMap(({ sentences }) => sentences.slice(1)),
    apart: apart.map(({ members, sentences: [title, ...claims] }) => ({ title, claims, members })),
  };
}

/** What interfaces say of their props together, as far as no rule of the schema says it of the same props. */
function unsaid(claims, rules) {
  const namesIn = (text) =>
    [...text.matchAll(/`(\w+)`/g)]
      .map(([, name]) => name)
      .sort()
      .join();
  const said = new Set(rules.map(namesIn));
  return claims.filter((claim) => namesIn(claim) !== '' && !said.has(namesIn(claim)));
}

module.exports = { groupsOf, unsaid };
