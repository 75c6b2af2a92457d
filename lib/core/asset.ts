import * as path from 'node:path';
import type { LateJson } from '../plan/late';
import { LateValue } from './output';

/** Options of {@link Asset}. */
export interface AssetOptions {
  /**
   * What to leave out of a folder, as in .gitignore: `node_modules`, `*.log`, `/build`, `!keep.log`.
   * @default - nothing is left out
   */
  readonly ignore?: readonly string[];
}

/**
 * A local file or folder that a step needs, relative to the program. What is in it counts: a change to it is a new build. Props that
 * take a path make one by themselves; write one where something is to be left out.
 *
 * @example
 * new FileProvisioner(web, 'Site', { source: new Asset('site/', { ignore: ['*.map'] }), destination: '/srv/www' });
 */
export class Asset extends LateValue<string> {
  /** As it was given. */
  readonly path: string;
  /** What to leave out. */
  readonly ignore: readonly string[];

  constructor(path: string, options: AssetOptions = {}) {
    super();
    this.path = path;
    this.ignore = options.ignore ?? [];
  }

  /** Its absolute path, a trailing slash kept. */
  resolve(baseDir: string): string {
    const absolute = path.resolve(baseDir, this.path);
    return /[/\\]$/.test(this.path) ? `${absolute}${path.sep}` : absolute;
  }

  /** Never called: synth stages it and writes its hash. */
  toPlan(): LateJson {
    return { $text: [this.path] };
  }

  protected describe(): string {
    return `the asset \`${this.path}\``;
  }
}
