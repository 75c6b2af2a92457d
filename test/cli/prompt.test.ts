import { PassThrough } from 'node:stream';
import { prompt } from '../../lib/cli/prompt';

function terminal(): { input: PassThrough; output: PassThrough; shown: () => string } {
  const [input, output] = [new PassThrough(), new PassThrough()];
  let text = '';
  output.on('data', (part: Buffer) => (text += part.toString()));
  return { input, output, shown: () => text };
}

test('the question is shown and the line that is typed is the answer', async () => {
  const { input, output, shown } = terminal();
  const answer = prompt({ input, output, question: 'retry? ' });
  input.write('  r \n');
  await expect(answer).resolves.toBe('r');
  expect(shown()).toBe('retry? ');
  expect(input.isPaused()).toBe(true);
  expect(input.listenerCount('data')).toBe(0);
});

test('the end of the input is an empty answer', async () => {
  const { input, output } = terminal();
  const answer = prompt({ input, output, question: '' });
  input.end();
  await expect(answer).resolves.toBe('');
});

test('an abort takes the question back', async () => {
  const { input, output, shown } = terminal();
  const controller = new AbortController();
  const answer = prompt({ input, output, question: 'retry? ', signal: controller.signal });
  setImmediate(() => controller.abort(new Error('interrupted')));
  await expect(answer).rejects.toThrow('interrupted');
  expect(shown()).toBe('retry? \n');
  await expect(prompt({ input, output, question: 'again? ', signal: controller.signal })).rejects.toThrow(
    'interrupted',
  );
  expect(shown()).not.toContain('again');
});

test('two questions at once are asked one after the other', async () => {
  const { input, output, shown } = terminal();
  const first = prompt({ input, output, question: 'first? ' });
  const second = prompt({ input, output, question: 'second? ' });
  await new Promise(setImmediate);
  expect(shown()).toBe('first? ');
  input.write('1\n');
  await expect(first).resolves.toBe('1');
  await new Promise(setImmediate);
  expect(shown()).toBe('first? second? ');
  input.write('2\n');
  await expect(second).resolves.toBe('2');
});
