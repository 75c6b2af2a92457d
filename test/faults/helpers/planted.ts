import * as fs from 'node:fs';
import * as path from 'node:path';

/** The ways in which a value may appear, under names for messages. */
export function formsOf(value: string): Readonly<Record<string, string>> {
  const bytes = Buffer.from(value);
  const aligned = [0, 1, 2].map((before): [string, string] => {
    // What stands before and after shares its first and last letters with the value.
    const encoded = Buffer.concat([Buffer.alloc(before, 'x'), bytes, Buffer.alloc(3, 'x')]).toString('base64');
    return [
      `base64+${before}`,
      encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6)),
    ];
  });
  return {
    raw: value,
    // However it was quoted, some of it stays together.
    part: value.slice(3, 12),
    json: JSON.stringify(value).slice(1, -1),
    url: encodeURIComponent(value),
    form: new URLSearchParams({ v: value }).toString().slice(2),
    hex: bytes.toString('hex'),
    ...Object.fromEntries(aligned),
  };
}

/** Where a secret is found in some bytes: `name as form`. */
export function findIn(content: Buffer, secrets: Readonly<Record<string, string>>): string[] {
  return Object.entries(secrets).flatMap(([name, value]) =>
    Object.entries(formsOf(value)).flatMap(([form, text]) => (content.includes(text) ? [`${name} as ${form}`] : [])),
  );
}

/** The same for every file below a folder, but for those that may have them. */
export function findBelow(
  dir: string,
  secrets: Readonly<Record<string, string>>,
  allowed: readonly string[],
): string[] {
  return fs.readdirSync(dir, { withFileTypes: true, recursive: true }).flatMap((entry) => {
    const file = path.join(entry.parentPath, entry.name);
    const name = path.relative(dir, file);
    if (!entry.isFile() || allowed.includes(name)) return [];
    const found = [...findIn(fs.readFileSync(file), secrets), ...findIn(Buffer.from(name), secrets)];
    return found.map((what) => `${name}: ${what}`);
  });
}

/** Processes on whose command line a secret shows. */
export function findInProcesses(secrets: Readonly<Record<string, string>>): string[] {
  return fs.readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const line = fs.readFileSync(`/proc/${pid}/cmdline`);
      return findIn(line, secrets).map((what) => `process ${pid}: ${what}`);
    } catch {
      return [];
    }
  });
}
