import { doubtsOf, parseBootCommand } from '../../../lib/platforms/qemu/boot/boot-command';

/** The names of what is pressed, and the rest as it is. */
function shown(command: string): unknown[] {
  return parseBootCommand(command).map((step) =>
    'key' in step ? `${step.do} ${step.name}${step.shift ? ' with shift' : ''}` : step,
  );
}

describe('a boot command', () => {
  test('types characters, with shift where a keyboard needs it', () => {
    expect(shown('aA1!')).toEqual(['press a', 'press A with shift', 'press 1', 'press ! with shift']);
    expect(parseBootCommand('aé→').map((step) => 'key' in step && step.key)).toEqual([0x61, 0xe9, 0x01002192]);
  });

  test('presses keys by their names, whichever case', () => {
    expect(shown('<enter><ESC><f12><pageDown>')).toEqual(['press enter', 'press ESC', 'press f12', 'press pageDown']);
  });

  test('holds keys and lets them go', () => {
    expect(shown('<leftAltOn><f2><leftAltOff><aOn><aOff>')).toEqual([
      'hold leftAltOn',
      'press f2',
      'release leftAltOff',
      'hold aOn',
      'release aOff',
    ]);
  });

  test.each([
    ['<wait>', 1000],
    ['<wait5>', 5000],
    ['<wait10>', 10_000],
    ['<wait1m20s>', 80_000],
    ['<wait250ms>', 250],
    ['<WAIT2s>', 2000],
  ])('%s waits %d ms', (command, ms) => {
    expect(parseBootCommand(command)).toEqual([{ do: 'wait', ms }]);
  });

  test('waits for a text or a pattern', () => {
    expect(parseBootCommand('<waitFor "login: \\"x\\"">')).toMatchObject([{ do: 'wait for', text: 'login: "x"' }]);
    expect(parseBootCommand('<waitFor /log[io]n:/i>')).toMatchObject([{ do: 'wait for', text: /log[io]n:/i }]);
    expect(() => parseBootCommand('<waitFor /(/>')).toThrow(/is no regular expression/);
  });

  test('types as it stands what is no key, and says when that looks like a slip', () => {
    expect(shown('<file>')).toHaveLength(6);
    expect(doubtsOf('cat <file> <entre><enter>')).toEqual([
      expect.stringMatching(/`<entre>` is typed as it stands.*`<enter>`/),
    ]);
  });
});
