/** A file beside another: `web.qcow2` and `-1` give `web-1.qcow2`. */
export function beside(file: string, addition: string, ending?: string): string {
  const [, stem, own] = /^(.*?)(\.[^./\\]+)?$/s.exec(file)!;
  return `${stem}${addition}${ending ?? own ?? ''}`;
}
