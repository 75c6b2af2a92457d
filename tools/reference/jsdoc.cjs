/** What a comment in the code says, as Markdown. */

const ts = require('typescript');

/** Paragraphs of a comment; its line breaks were for the width of the code. */
function proseOf(symbol, checker) {
  const text = linked(ts.displayPartsToString(symbol.getDocumentationComment(checker)));
  return text.split(/\n\s*\n/).map((paragraph) => paragraph.replace(/\s+/g, ' ').trim());
}

/** The text of a tag such as `@default`; undefined where there is none. */
function tagOf(symbol, name, checker) {
  const tag = symbol.getJsDocTags(checker).find((one) => one.name === name);
  return tag && linked(ts.displayPartsToString(tag.text)).trim();
}

/** Links between comments are for editors: here their names will do. */
function linked(text) {
  return text.replace(/\{@link\s+([\w.]+)\s*\}/g, '`$1`');
}

/** Sentences of a paragraph. */
function sentencesOf(paragraph) {
  return paragraph.split(/(?<=[.!?])\s+(?=[`A-Z])/).filter((sentence) => sentence !== '');
}

module.exports = { proseOf, sentencesOf, tagOf };
