import { expand, quoteWord, splitWords } from '../../lib/oci/words';

test('a line is split at blanks that are in no quotes', () => {
  expect(splitWords(`a "b c"=d 'e "f' g\\ h  i`)).toEqual(['a', '"b c"=d', `'e "f'`, 'g\\ h', 'i']);
  expect(() => splitWords(`a 'b`)).toThrow("a quote (') is not closed");
});

test('quotes are taken off and variables put in, but in single quotes', () => {
  const variables = { A: '1', EMPTY: '' };
  expect(expand('"$A-${A}" $B ${B:-no}${A:+yes} ${EMPTY:-e} \'$A\' \\$A "a\\b\\"" $1', variables)).toBe(
    '1-1  noyes e $A $A a\\b" $1',
  );
});

test('a text in quotes is one word of which nothing is replaced', () => {
  expect(quoteWord('a "b" $HOME \\ c')).toBe('"a \\"b\\" \\$HOME \\\\ c"');
  const text = 'a "b" $HOME \\ c \'d\'';
  expect(splitWords(quoteWord(text))).toHaveLength(1);
  expect(expand(quoteWord(text), { HOME: 'x' })).toBe(text);
});
