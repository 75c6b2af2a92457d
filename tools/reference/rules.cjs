/**
 * Rules between props. They are code, so they are not read but asked: the schema gets every prop alone and every two of
 * them together, and what it finds wrong with that is what it says to a user, too.
 */

const { listed } = require('./markdown.cjs');
const { requiredOf, samplesOf, TEXTS } = require('./samples.cjs');

/** What a schema asks for beyond what it says of each prop by itself, as sentences. */
function rulesOf(schema) {
  const { shape } = schema._zod.def;
  const required = requiredOf(shape);
  const given = Object.entries(shape).flatMap(([name, prop]) => samplesOf(prop).map((value) => ({ [name]: value })));
  const tries = given.flatMap((one) => [one, ...given.map((other) => ({ ...other, ...one }))]);
  const messages = [{}, ...tries].flatMap((props) => {
    const issues = schema.safeParse({ ...required, ...props }).error?.issues ?? [];
    return issues.filter(({ code }) => code === 'custom').map(({ message }) => message);
  });
  return merged([...new Set(messages.map(general))]).map(sentence);
}

/** What was given is in the message, at its end or in quotes: a rule is what is left. */
function general(message) {
  const value = `"(?:${[...TEXTS, '-'].join('|')})"`;
  const [, prop, rule] =
    new RegExp(`^(?:\`\\w+(?:\\[\\d\\])?\`: )?(\`\\w+\`) (?:is|has|has the name) ${value}(?:, but|;|:) (.*)$`).exec(
      message,
    ) ?? [];
  if (prop !== undefined) return `${prop}: ${rule.replace(/^that is none of/, 'one of')}`;
  return message.replace(/, (none is given|given (is|are) .*)$/, '').replace(/: `\w+` is "\w+"$/, '');
}

/** Messages that differ in the name of one prop are one rule of several props. */
function merged(messages) {
  let rules = messages.map((message) => message.split(/(?<=`\w+`)|(?=`\w+`)/).map((piece) => [piece]));
  for (let pair = alike(rules); pair; pair = alike(rules)) {
    const { one, other, where } = pair;
    const both = one.map((names, index) => (index === where ? [...names, ...other[index]] : names));
    rules = rules.flatMap((rule) => (rule === one ? [both] : rule === other ? [] : [rule]));
  }
  return rules.map((pieces) => pieces.map((names, index) => listed(names, index === 0 ? 'and' : 'or')).join(''));
}

/** The first two rules that can be one. */
function alike(rules) {
  const pairs = rules.flatMap((one, index) => rules.slice(index + 1).map((other) => ({ one, other })));
  return pairs
    .map((pair) => ({ ...pair, where: differenceOf(pair.one, pair.other) }))
    .find(({ where }) => where !== undefined);
}

/** Index of the one piece in which two rules differ, where it is a name in both. */
function differenceOf(one, other) {
  if (one.length !== other.length) return undefined;
  const different = one.flatMap((names, index) => (names.join() === other[index].join() ? [] : [index]));
  const isName = (names) => names.every((name) => name.startsWith('`'));
  return different.length === 1 && isName(one[different[0]]) && isName(other[different[0]]) ? different[0] : undefined;
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

module.exports = { rulesOf };
