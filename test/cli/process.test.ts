import { Project } from '../faults/helpers/project';

const projects: Project[] = [];
afterAll(() => projects.forEach((project) => project.remove()));

function project(lines: readonly string[]): Project {
  const made = new Project();
  projects.push(made);
  made.write('images.js', lines.join('\n'));
  return made;
}

const MACHINE = [
  `const { App, Image, ShellProvisioner } = require('goldsmith');`,
  `const { NullSource } = require('goldsmith/null');`,
  `const app = new App('process');`,
  `const image = new Image(app, 'Web');`,
  `const source = new NullSource(image, 'Here');`,
];

test('a mistake that is thrown while the program makes its constructs is shown as any other, with the line', async () => {
  const wrong = project([
    ...MACHINE,
    "new ShellProvisioner(image, 'Say', { inline: ['echo ' + source.output('id')] });",
  ]);
  const expected = {
    status: 2,
    stdout: '',
    stderr: [
      'error[LATE_VALUE_AS_TEXT]: the output `id` of Web/Here is known only at run time and cannot be used as a plain string here',
      '  at images.js:6',
      '  hint: join it with text`…${value}…`, which keeps the place for it',
      '',
    ].join('\n'),
  };
  expect(await wrong.node(['images.js']).ended).toMatchObject(expected);
  expect(await wrong.run(['list'])).toMatchObject(expected);
});

test("a mistake that is not goldsmith's to explain is shown by Node, as it always is", async () => {
  const wrong = project([...MACHINE, 'null.x;']);
  const { status, stderr } = await wrong.node(['images.js']).ended;
  expect(status).toBe(1);
  expect(stderr).toMatch(/TypeError: Cannot read properties of null \(reading 'x'\)\n {4}at .*images\.js:6:6/);
});

test.each([
  ['of what it prints', 'exec node images.js build --json'],
  ['of its errors too', 'exec node images.js build --json 2>&1'],
])(
  'a reader that goes away stops the run, which cleans up and shows no stack: %s',
  async (_which, command) => {
    const long = project([
      ...MACHINE,
      "new ShellProvisioner(image, 'Long', { inline: ['while :; do echo more; sleep 0.05; done'] });",
      'app.run();',
    ]);
    const { status, stderr } = await long.node(['-e', PIPE, command]).ended;
    expect({ status, stderr: stderr.match(/EPIPE|\n {4}at .*:\d+:\d+/)?.[0] }).toEqual({
      status: 130,
      stderr: undefined,
    });
    expect(await long.run(['recover'])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/no run left anything behind/) as string,
    });
  },
  60_000,
);

test('a reader that goes away is no fault where nothing is built', async () => {
  const many = project([
    ...MACHINE,
    "for (let i = 0; i < 3000; i += 1) new NullSource(image, 'Source' + i);",
    'app.run();',
  ]);
  const { status, stderr } = await many.node(['-e', PIPE, 'exec node images.js list']).ended;
  expect({ status, stderr }).toEqual({ status: 0, stderr: 'null\n' });
}, 60_000);

/** Reads the first line of what a command prints, then hangs up; ends as the command does. */
const PIPE = `
const build = require('node:child_process').spawn('sh', ['-c', process.argv[1]], { stdio: ['ignore', 'pipe', 'inherit'] });
build.stdout.once('data', () => build.stdout.destroy());
build.on('exit', (status, signal) => { console.error(signal); process.exitCode = status; });
`;
