/** Markdown as a person would write it: lines that fit, tables that stand straight. */

const WIDTH = 120;

/** A paragraph in lines; those after the first begin with `indent`. Code and links stay on one line. */
function wrapped(text, indent = '') {
  const words = text.match(/(?:`+[^`]*`+|\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])|\S)+/g) ?? [];
  const lines = [];
  for (const word of words) {
    const line = lines.at(-1);
    // What begins a list or a heading must not stand at the beginning of a line.
    if (line !== undefined && (line.length + 1 + word.length <= WIDTH || /^([-+*#>]|\d+[.)])$/.test(word))) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else lines.push(line === undefined ? word : `${indent}${word}`);
  }
  return lines.join('\n');
}

/** An entry of a list: what it is about, and below that what there is to say. */
function entry(head, text) {
  const [first, rest] = [wrapped(`- ${head}`, '  '), wrapped(`  ${text}`, '  ')];
  return text === '' ? first : `${first}\\\n  ${rest}`;
}

/** A table; without a heading where the first row is of empty texts. */
function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(3, ...rows.map((row) => row[column].length)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`);
  return [lines[0], `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...lines.slice(1)].join('\n');
}

function code(text) {
  return `\`${text}\``;
}

/** `a`, `b` and `c`. */
function listed(texts, word = 'and') {
  return texts.length < 2 ? texts.join() : `${texts.slice(0, -1).join(', ')} ${word} ${texts.at(-1)}`;
}

/** Where a heading can be linked to, as GitHub does it. */
function anchorOf(heading) {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function withoutStop(sentence) {
  return sentence.replace(/\.$/, '');
}

module.exports = { anchorOf, code, entry, listed, table, withoutStop, wrapped };
