/** A text within XML, in ASCII: what reads it may not ask for the encoding. */
export function xml(text: string | number): string {
  return [...String(text)]
    .map((one) => (/[\x20-\x7e]/.test(one) && !'<>&"\''.includes(one) ? one : `&#${one.codePointAt(0)};`))
    .join('');
}

/** A string of Ruby. */
export function ruby(text: string): string {
  return `"${text.replace(/[\\"#]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}

/** A Vagrantfile of these lines; empty where there are none. */
export function vagrantfile(lines: readonly string[]): string {
  return lines.length === 0
    ? ''
    : ['Vagrant.configure("2") do |config|', ...lines.map((line) => `  ${line}`), 'end', ''].join('\n');
}

/** The part of a Vagrantfile for one provider; no lines where nothing is set. */
export function forProvider(
  provider: string,
  settings: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const set = Object.entries(settings).filter(([, value]) => value !== undefined);
  if (set.length === 0) return [];
  return [
    `config.vm.provider :${provider} do |provider|`,
    ...set.map(([name, value]) => `  provider.${name} = ${value}`),
    'end',
  ];
}
