import { decodeOutput, Demultiplexer } from '../../../lib/platforms/docker/demux';

function frame(stream: 1 | 2, data: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
}

const content = Buffer.concat([
  frame(1, Buffer.from('grüße ')),
  frame(2, Buffer.from('fehler €\n')),
  frame(1, Buffer.alloc(0)),
  frame(1, Buffer.from('😀 end')),
]);

test('output and errors come apart at every place where the stream can be cut', () => {
  for (let cut = 0; cut <= content.length; cut += 1) {
    const got = { stdout: '', stderr: '' };
    const output = decodeOutput((text, stream) => (got[stream] += text));
    const frames = new Demultiplexer(output.push);
    for (const part of [content.subarray(0, cut), content.subarray(cut)]) frames.push(part);
    output.end();
    expect(got).toEqual({ stdout: 'grüße 😀 end', stderr: 'fehler €\n' });
  }
});

test('a character that is never completed is shown as a replacement, not lost', () => {
  let text = '';
  const output = decodeOutput((piece) => (text += piece));
  output.push(Buffer.from([0x61, 0xe2, 0x82]), 'stdout');
  output.end();
  expect(text).toBe('a\ufffd');
});
