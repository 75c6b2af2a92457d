import { ClixmlDecoder } from '../../../lib/communicators/winrm/clixml';
import { proxyOfEnvironment } from '../../../lib/communicators/winrm/environment-proxy';
import { escapeXml, findXml, parseXml } from '../../../lib/util/xml';

describe('CLIXML', () => {
  const SAMPLE =
    'before\r\n#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">' +
    '<Obj S="progress" RefId="0"><TN RefId="0"><T>System.Object</T></TN><MS><Obj N="x"><S>in</S></Obj><I64 N="SourceId">1</I64></MS></Obj>' +
    '<S S="Error">bad &lt;thing&gt;_x000D__x000A_</S><S S="Error">second_x000D__x000A_</S><S S="verbose">more</S>' +
    'raw words\r\n<S S="Other">unseen</S></Objs>after #< end';
  const SHOWN = 'before\r\nbad <thing>\r\nsecond\r\nVERBOSE: moreraw words\r\nafter #< end';

  test.each([1, 2, 7, 64, 10_000])('is made readable, in pieces of %d characters', (size) => {
    const decoder = new ClixmlDecoder();
    let shown = '';
    for (let at = 0; at < SAMPLE.length; at += size) shown += decoder.push(SAMPLE.slice(at, at + size));
    expect(shown + decoder.end()).toBe(SHOWN);
  });

  test('one that ends too early is shown as far as it came', () => {
    const decoder = new ClixmlDecoder();
    expect(decoder.push('#< CLIXML\r\n<Objs><S S="Error">half') + decoder.end()).toBe('<S S="Error">half');
  });
});

describe('XML', () => {
  test('is read without its prefixes, with entities, comments and CDATA', () => {
    const root = parseXml(
      '<?xml version="1.0"?><!-- c --><a:x b:y="1 &lt; 2"><z>&#65;&#x42;<![CDATA[<c>]]></z><w /></a:x>',
    );
    expect(root).toMatchObject({ name: 'x', attributes: { y: '1 < 2' } });
    expect(findXml(root, 'z')?.text).toBe('AB<c>');
    expect(findXml(root, 'w')).toBeDefined();
    expect(parseXml(`<a>${escapeXml('<&">\u0001')}</a>`).text).toBe('<&">');
  });

  test.each(['<a>', '<a></b>', 'text', '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', ''])('%p is refused', (text) => {
    expect(() => parseXml(text)).toThrow();
  });
});

describe('the proxy of the environment', () => {
  const at = (host: string, env: Record<string, string>, secure = false) =>
    proxyOfEnvironment({ host, port: 5985, secure }, env);

  test.each([
    ['win.acme.test', 'other.test', true],
    ['win.acme.test', 'acme.test', false],
    ['win.acme.test', '.acme.test', false],
    ['win.acme.test', '*', false],
    ['win.acme.test', 'win.acme.test:80', true],
    ['win.acme.test', 'win.acme.test:5985', false],
    ['10.1.2.3', '10.0.0.0/8', false],
    ['11.1.2.3', '10.0.0.0/8', true],
    ['127.0.0.1', '', false],
    ['localhost', '', false],
  ])('%s with NO_PROXY=%s', (host, except, used) => {
    expect(at(host, { HTTP_PROXY: 'http://proxy.test:8080', NO_PROXY: except }) !== undefined).toBe(used);
  });

  test('is read as Go reads it', () => {
    expect(at('h.test', { http_proxy: 'u:p%40@proxy.test' })).toEqual({
      kind: 'http',
      host: 'proxy.test',
      port: 80,
      username: 'u',
      password: 'p@',
    });
    expect(at('h.test', { HTTPS_PROXY: 'socks5://proxy.test' }, true)).toEqual({ kind: 'socks5', host: 'proxy.test' });
    expect(at('h.test', { HTTPS_PROXY: 'http://proxy.test' })).toBeUndefined();
    expect(() => at('h.test', { HTTP_PROXY: 'ftp://secret@proxy.test' })).toThrow(
      'HTTP_PROXY in the environment is no proxy',
    );
  });
});
