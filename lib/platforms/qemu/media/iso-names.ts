/**
 * Names of one folder as ECMA-119 level 1 has them: eight characters, a dot and three, of A to Z, 0 to 9 and `_`, each once.
 */
export function isoNames(entries: readonly (readonly [name: string, isFolder: boolean])[]): Map<string, string> {
  const taken = new Set<string>();
  const result = new Map<string, string>();
  for (const [name, isFolder] of entries) {
    const dot = isFolder ? -1 : name.lastIndexOf('.');
    const stem = plain(dot > 0 ? name.slice(0, dot) : name, 8);
    const ending = dot > 0 ? plain(name.slice(dot + 1), 3) : '';
    let candidate = joined(stem, ending, isFolder);
    for (let number = 1; taken.has(candidate); number += 1) {
      const tail = String(number);
      candidate = joined(stem.slice(0, 8 - tail.length) + tail, ending, isFolder);
    }
    taken.add(candidate);
    result.set(name, candidate);
  }
  return result;
}

function plain(text: string, length: number): string {
  return (text.toUpperCase().replace(/[^A-Z0-9_]/g, '_') || '_').slice(0, length);
}

function joined(stem: string, ending: string, isFolder: boolean): string {
  return isFolder ? stem : `${stem}.${ending}`;
}
