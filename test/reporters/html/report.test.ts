import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { renderReport, writeReport } from '../../../lib/reporters/html';
import { markup, prose } from '../../../lib/reporters/html/markup';
import { describeIf } from '../../helpers/requires';
import { artifact, build, Recorder } from '../helpers/recorder';
import { HOSTILE, sampleRun } from '../helpers/sample-run';

const page = renderReport(sampleRun().events);

/** What a reader sees, more or less. */
function textOf(html: string): string {
  const body = html.slice(html.indexOf('<main>'), html.indexOf('</main>'));
  const text = body
    .replace(/<[^>]*>/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&');
  return text.replace(/\s+/g, ' ');
}

test('a template escapes all that is put in, and joins what it built itself', () => {
  const parts = ['<b>', markup`<i title="${'"\'&'}">x</i>`, undefined, false as const, 7];
  expect(markup`<p>${parts}</p>`.text).toBe('<p>&lt;b&gt;<i title="&quot;&#39;&amp;">x</i>7</p>');
});

test('backticks in a sentence become code, a lone one stays', () => {
  expect(prose('run `a <b>` or `c`').text).toBe('run <code>a &lt;b&gt;</code> or <code>c</code>');
  expect(prose("it's `odd").text).toBe('it&#39;s `odd');
  expect(prose('`x').text).toBe('`x');
});

test('the report tells how the run ended, what went wrong, and what to do', () => {
  const text = textOf(page);
  expect(text).toContain(
    'acme-images Failed 7 done 1 cached 1 failed 1 skipped Started 2026-11-22 04:05:06 UTC Took 15.1s',
  );
  expect(text).toContain(
    'What went wrong npm ci --omit=dev ended with exit status 1, 0 is expected Api/Docker Api/App, images.ts:41 STEP_FAILED',
  );
  expect(text).toContain('npm error code ENOTFOUND');
  expect(text).toContain('allow other exit statuses with validExitCodes');
});

test('the report has the graph, the timeline, artifacts with digests, checks, the cache and the logs', () => {
  const text = textOf(page);
  expect([...page.matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, title]) => title)).toEqual([
    'What went wrong',
    'Graph',
    'Timeline',
    'Artifacts',
    'Checks',
    'Taken from the cache',
    'Nodes and logs',
    'Left behind',
  ]);
  expect(page.match(/<g class="node /g)).toHaveLength(10);
  expect(page.match(/<path class="edge"/g)).toHaveLength(11);
  expect(text).toContain(`sha256:${'1'.repeat(64)}`);
  expect(text).toContain(`artifacts/acme-images-Web.oci.tar 48.2 MB sha256:${'8'.repeat(64)}`);
  expect(text).toContain('Web/Serves/Docker of Web/Docker passed 4 checks service nginx port 80/tcp');
  expect(text).toContain(
    'Core/Sandbox built 3 days ago 2026-11-19 04:05:06 UTC npx ts-node images.ts build --force Core/Sandbox',
  );
  expect(text).toContain('Hardening/Sysctl shell 2 attempts');
  expect(text).toContain('docker rm -f 3f4c9a1be210');
  expect(text).toContain('2 resources created, 1 deleted');
});

test('nothing in the page is loaded from anywhere, and no style hides in an attribute', () => {
  expect(page).not.toMatch(/\s(src|srcset|data|action|poster)\s*=\s*"/);
  expect(page).not.toMatch(/<(link|iframe|object|embed|base|form|img)\b/);
  expect(page).not.toMatch(/@import|url\(/);
  expect([...page.matchAll(/href="([^"]*)"/g)].every(([, to]) => to!.startsWith('#'))).toBe(true);
  expect(page).not.toMatch(/<[^>]*\s(style|on\w+)=/);
});

test("the page's own policy allows exactly its style sheet and its script", () => {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!.replace(/&#39;/g, "'");
  const digest = (tag: string): string =>
    createHash('sha256')
      .update(new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(page)![1]!)
      .digest('base64');
  expect(policy).toBe(
    `default-src 'none'; style-src 'sha256-${digest('style')}'; script-src 'sha256-${digest('script')}'; base-uri 'none'; form-action 'none'`,
  );
});

test('hostile text is only text, wherever it comes from', () => {
  const run = new Recorder([{ ...build('Web/Docker'), id: HOSTILE, use: HOSTILE }]);
  const problem = {
    code: 'STEP_FAILED',
    message: HOSTILE,
    path: HOSTILE,
    source: HOSTILE,
    hint: HOSTILE,
    output: HOSTILE,
  } as const;
  run
    .start()
    .node(HOSTILE)
    .step(HOSTILE, HOSTILE, HOSTILE)
    .out(HOSTILE, HOSTILE, `${HOSTILE}\n`, 'stderr')
    .stepEnd(HOSTILE, HOSTILE, 'failed', problem);
  run
    .emit({ type: 'message', level: 'error', text: HOSTILE })
    .emit({ type: 'resource', node: HOSTILE, phase: 'leaked', kind: HOSTILE, id: HOSTILE });
  const made = artifact('a', {
    id: HOSTILE,
    kind: HOSTILE,
    description: HOSTILE,
    files: [{ path: HOSTILE, size: 1, sha256: HOSTILE }],
  });
  run.nodeEnd(HOSTILE, {
    state: 'failed',
    error: problem,
    artifact: made,
    cache: { builtAt: 0, refresh: HOSTILE },
    because: [HOSTILE],
  });
  run.finish('failed', [{ kind: HOSTILE, id: HOSTILE, node: HOSTILE, why: 'leaked', detail: HOSTILE }]);
  const html = renderReport(run.events);
  expect(html.match(/<script/g)).toHaveLength(1);
  expect(html).not.toContain('<img');
  expect(html).not.toMatch(/<[^>]*\sonerror=/);
});

test('a record that breaks off gives a report of what is known', () => {
  const text = textOf(renderReport(sampleRun().events.slice(0, 40)));
  expect(text).toContain('Broke off');
  expect(text).toContain('running');
  expect(textOf(renderReport([]))).toContain('Broke off');
});

test('a long log keeps its beginning and its end', () => {
  const run = new Recorder([build('Web/Docker', ['Nginx'])]).start().node('Web/Docker').step('Web/Docker', 'Web/Nginx');
  run.out('Web/Docker', 'Web/Nginx', Array.from({ length: 20_000 }, (_, index) => `line ${index + 1}\n`).join(''));
  const html = renderReport(run.events);
  for (const kept of ['line 1\n', 'line 1000\n', '… 15000 lines left out here …', 'line 16001\n', 'line 20000\n'])
    expect(html).toContain(kept);
  expect(html).not.toContain('line 1001\n');
  expect(html.length).toBeLessThan(200_000);
});

test('a graph that nobody could read is not drawn', () => {
  const run = new Recorder(Array.from({ length: 400 }, (_, index) => build(`I${index}/Docker`))).start();
  expect(textOf(renderReport(run.events))).toContain('The graph of 400 nodes is too large');
});

describe('the file', () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-report-'));
  afterAll(() => fs.rmSync(dir, { recursive: true }));

  test('is written whole, into a folder that is made', async () => {
    const file = path.join(dir, 'a/b/report.html');
    await writeReport(sampleRun().events, file);
    expect(fs.readFileSync(file, 'utf8')).toBe(page);
    expect(fs.readdirSync(path.dirname(file))).toEqual(['report.html']);
  });

  test('leaves nothing behind where it cannot be written', async () => {
    fs.mkdirSync(path.join(dir, 'taken/report.html'), { recursive: true });
    await expect(writeReport([], path.join(dir, 'taken/report.html'))).rejects.toThrow();
    expect(fs.readdirSync(path.join(dir, 'taken'))).toEqual(['report.html']);
  });
});

const browser = ['chromium', 'chromium-browser', 'google-chrome'].find((name) =>
  (process.env['PATH'] ?? '').split(':').some((dir) => fs.existsSync(path.join(dir, name))),
);

describeIf(browser !== undefined, 'there is no chromium (apt-get install chromium)', 'in a real browser', () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-browser-'));
  const file = path.join(dir, 'report.html');
  beforeAll(() => fs.writeFileSync(file, page));
  afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

  function open(url: string): { dom: string; console: string } {
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--no-first-run',
      `--user-data-dir=${dir}/profile`,
    ];
    const log = path.join(dir, 'log');
    const dom = execFileSync(
      'sh',
      [
        '-c',
        '"$0" "$@" 2>"$LOG"',
        browser!,
        ...flags,
        '--enable-logging=stderr',
        '--virtual-time-budget=2000',
        '--dump-dom',
        url,
      ],
      { encoding: 'utf8', env: { ...process.env, LOG: log } },
    );
    return {
      dom,
      console: fs
        .readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line.includes('CONSOLE'))
        .join('\n'),
    };
  }

  test('the page breaks no rule of its own policy, and its script runs', () => {
    const { dom, console } = open(`file://${file}`);
    expect(console).toBe('');
    expect(dom).toMatch(/<input id="search"(?![^>]*hidden)/);
    expect(dom).not.toContain('<img');
  });

  test('a link to a node opens it', () => {
    const id = /<details class="node" id="([^"]*)"><summary><span class="dot succeeded"><\/span><b>Core\/Docker/.exec(
      page.replace(/>\s+</g, '><'),
    )![1]!;
    expect(open(`file://${file}#${id}`).dom).toMatch(new RegExp(`id="${id}" open`));
  });
});
