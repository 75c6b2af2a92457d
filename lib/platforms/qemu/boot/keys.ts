/** Keys by their names in boot commands, as X11 numbers them (keysymdef.h), which is what VNC sends (RFC 6143, 7.5.4). */
export const KEYS: Readonly<Record<string, number>> = {
  bs: 0xff08,
  tab: 0xff09,
  enter: 0xff0d,
  return: 0xff0d,
  esc: 0xff1b,
  spacebar: 0x20,
  home: 0xff50,
  left: 0xff51,
  up: 0xff52,
  right: 0xff53,
  down: 0xff54,
  pageup: 0xff55,
  pagedown: 0xff56,
  end: 0xff57,
  insert: 0xff63,
  menu: 0xff67,
  ...Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`f${index + 1}`, 0xffbe + index])),
  leftshift: 0xffe1,
  rightshift: 0xffe2,
  leftctrl: 0xffe3,
  rightctrl: 0xffe4,
  leftalt: 0xffe9,
  rightalt: 0xffea,
  leftoption: 0xffe9,
  rightoption: 0xffea,
  leftsuper: 0xffeb,
  rightsuper: 0xffec,
  leftcommand: 0xffeb,
  rightcommand: 0xffec,
  del: 0xffff,
};

/** The key that is held for the upper character of a key. */
export const SHIFT = KEYS['leftshift']!;

/** Characters for which a keyboard of the United States needs the shift key. */
const SHIFTED = new Set('~!@#$%^&*()_+{}|:"<>?');

/** The number of a character's key. */
export function keysymOf(character: string): number {
  const point = character.codePointAt(0)!;
  if (character === '\n') return KEYS['enter']!;
  if (character === '\t') return KEYS['tab']!;
  return point < 0x100 ? point : 0x0100_0000 | point;
}

/** Whether a character needs the shift key. */
export function isShifted(character: string): boolean {
  return SHIFTED.has(character) || (character !== character.toLowerCase() && character === character.toUpperCase());
}
