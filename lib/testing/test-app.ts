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
 * An App for tests: in a folder of its own, and deaf to the command line and the environment.
 *
 * @example
 * const app = new TestApp({ files: { 'setup.sh': 'echo hello' } });
 * afterAll(() => app.cleanup());
 */
export class TestApp extends App {
  constructor(props: TestAppProps = {}) {
    super(props.name ?? 'test', {
      baseDir: fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-test-app-'))),
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
