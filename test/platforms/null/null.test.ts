import * as fs from 'node:fs';
import * as path from 'node:path';
import {
  App,
  FileProvisioner,
  Image,
  PauseProvisioner,
  ShellLocalProvisioner,
  ShellProvisioner,
  type RunEvent,
  type RunReport,
} from '../../../lib';
import { NullSource, nullPlatform } from '../../../lib/platforms/null';
import { temporaryFolder } from '../../provisioners/support';

const folder = temporaryFolder();

function app(name: string): { program: App; image: Image } {
  const program = new App(name, { baseDir: fs.mkdtempSync(path.join(folder, `${name}-`)), variables: {} });
  return { program, image: new Image(program, 'Web') };
}

async function run(program: App): Promise<{ report: RunReport; printed: string }> {
  let printed = '';
  const onEvent = (event: RunEvent): void => {
    if (event.type === 'output') printed += event.text;
  };
  return { report: await program.build({ onEvent }), printed };
}

test('provisions this machine: commands run in the project, files are copied to it and from it', async () => {
  const { program, image } = app('here');
  fs.writeFileSync(path.join(program.baseDir, 'motd'), 'hello');
  new NullSource(image, 'Here', { communicator: 'local' });
  new ShellProvisioner(image, 'Folder', { inline: ['mkdir etc', 'pwd'] });
  new FileProvisioner(image, 'Motd', { source: 'motd', destination: 'etc/' });
  new ShellProvisioner(image, 'Change', { inline: ['echo "$PACKER_BUILD_NAME $PACKER_BUILDER_TYPE" >>etc/motd'] });
  new FileProvisioner(image, 'Fetch', { source: 'etc/', destination: 'fetched', direction: 'download' });
  const { report, printed } = await run(program);
  expect(report.status).toBe('succeeded');
  expect(printed).toBe(`${program.baseDir}\n`);
  expect(fs.readFileSync(path.join(program.baseDir, 'fetched/motd'), 'utf8')).toBe('helloHere null\n');
});

test('is never cached, and makes no artifact', async () => {
  const { program, image } = app('again');
  new NullSource(image, 'Here');
  new ShellProvisioner(image, 'Count', { inline: ['echo x >>count'] });
  for (let round = 0; round < 2; round += 1) {
    const { report } = await run(program);
    expect(report.nodes[0]).toMatchObject({ state: 'succeeded' });
    expect(report.nodes[0]?.artifact).toBeUndefined();
  }
  expect(fs.readFileSync(path.join(program.baseDir, 'count'), 'utf8')).toBe('x\nx\n');
});

test('without a communicator, steps that need the machine are refused at synth, others run', async () => {
  const { program, image } = app('none');
  new NullSource(image, 'Nowhere', { communicator: 'none' });
  new NullSource(image, 'Here', { communicator: 'local' });
  new ShellLocalProvisioner(image, 'Note', { command: 'echo ran on $GOLDSMITH_SOURCE >>note' });
  new PauseProvisioner(image, 'Pause', { duration: '1ms' });
  new ShellProvisioner(image, 'There', { inline: ['true'], only: ['Here'] });
  expect((await run(program)).report.status).toBe('succeeded');
  expect(fs.readFileSync(path.join(program.baseDir, 'note'), 'utf8').split('\n').sort()).toEqual([
    '',
    'ran on Here',
    'ran on Nowhere',
  ]);

  new ShellProvisioner(image, 'Everywhere', { inline: ['true'] });
  expect(() => program.synth()).toThrow('Web/Everywhere cannot run here: the communicator is `none`');
});

test('a plan that was made otherwise is refused when it runs', async () => {
  const driver = await nullPlatform.load(undefined as never);
  const machine = await driver.connect(
    { resource: undefined as never, data: null },
    { communicator: 'none' },
    undefined as never,
  );
  await expect(machine.exec('true', { signal: new AbortController().signal })).rejects.toMatchObject({
    code: 'STEP_FAILED',
  });
});

test('only `local` and `none` are known', () => {
  const { program, image } = app('wrong');
  new NullSource(image, 'Here', { communicator: 'telnet' as 'local' });
  new ShellProvisioner(image, 'Step', { inline: ['true'] });
  expect(() => program.synth()).toThrow(/`communicator` is "telnet"/);
});

test('a step that fails says which command, its status and the last lines', async () => {
  const { program, image } = app('fails');
  new NullSource(image, 'Here');
  new ShellProvisioner(image, 'Broken', { inline: ['echo before', 'no-such-thing'] });
  const { report } = await run(program);
  expect(report.status).toBe('failed');
  expect(report.nodes[0]?.error).toMatchObject({
    code: 'STEP_FAILED',
    message: '`no-such-thing` ended with exit status 127',
    path: 'Web/Broken',
    output: expect.stringContaining('before') as string,
  });
});
