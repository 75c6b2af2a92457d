/** Decides by patterns as in .gitignore whether a path, relative to the folder, is left out. */
export function ignoreMatcher(patterns: readonly string[]): (relative: string, isDirectory: boolean) => boolean {
  if (patterns.length === 0) return () => false;
  const ignore = require('ignore') as typeof import('ignore');
  const matcher = ignore().add([...patterns]);
  return (relative, isDirectory) => matcher.ignores(isDirectory ? `${relative}/` : relative);
}
