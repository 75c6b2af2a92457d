import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { App } from '../app';

/** Props of {@link TestApp}. */
export interface TestAppProps {
  /** @default 'test' */
  readonly name?: string;
  /**
   * Values of variables. Neither the command line nor the environment is read.
   * @default - none
   */
  readonly variables?: Readonly<Record<string, string>>;
  /**
   * Files to write beside the program, by relative path: scripts that its steps name, say.
   * @default - none
   */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/**
 * An App for tests: in a folder of its own, which is made when something is written there, and deaf to the command line and the environment.
 *
 * @example
 * const app = new TestApp({ files: { 'setup.sh': 'echo hello' } });
 * afterAll(() => app.cleanup());
 */
export class TestApp extends App {
  constructor(props: TestAppProps = {}) {
    super(props.name ?? 'test', {
      // Made when something is written: most tests only look at the plan, and leave nothing to clean up.
      baseDir: path.join(fs.realpathSync(os.tmpdir()), `goldsmith-test-app-${randomBytes(8).toString('hex')}`),
      variables: props.variables ?? {},
    });
    for (const [file, content] of Object.entries(props.files ?? {})) this.write(file, content);
  }

  /** Writes a file beside the program, folders above it too. Returns its absolute path. */
  write(file: string, content: string | Uint8Array, mode = 0o644): string {
    const target = path.join(this.baseDir, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, content);
    fs.chmodSync(target, mode);
    return target;
  }

  /** Removes the folder with everything in it. */
  cleanup(): void {
    fs.rmSync(this.baseDir, { recursive: true, force: true });
  }
}
