import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { NodeRecord, CheckpointRecord } from '../../../lib/catalog/catalog';
import { Child, type Ended, type StartOptions } from './child';
import { commandLine, compiledPackage, program } from './compiled';
import type { Order } from './programs/victim';

/** A user's project in a folder of its own, in which the package is installed. */
export class Project {
  readonly dir: string;

  constructor(
    /** Unique, so that what it leaves on a platform is told apart from everything else there. */
    readonly app = `faults-${process.pid}-${(counter += 1)}`,
    parent = os.tmpdir(),
  ) {
    this.dir = fs.mkdtempSync(path.join(parent, `goldsmith-${app}-`));
    fs.mkdirSync(path.join(this.dir, 'node_modules'));
    fs.symlinkSync(compiledPackage(), path.join(this.dir, 'node_modules', 'goldsmith'));
  }

  file(name: string): string {
    return path.join(this.dir, name);
  }

  write(name: string, content: string): void {
    fs.mkdirSync(path.dirname(this.file(name)), { recursive: true });
    fs.writeFileSync(this.file(name), content);
  }

  /** Starts `goldsmith …`. */
  start(args: readonly string[], env: StartOptions['env'] = {}): Child {
    return Child.node([commandLine(), ...args], { cwd: this.dir, env });
  }

  /** Starts `goldsmith …` on a terminal, at which {@link Child.types} types. */
  onTerminal(args: readonly string[], env: StartOptions['env'] = {}): Child {
    const words = [process.execPath, commandLine(), ...args].map((word) => `'${word.replace(/'/g, `'\\''`)}'`);
    return this.terminal(`exec ${words.join(' ')}`, env);
  }

  /** Starts a command line on a terminal. */
  terminal(line: string, env: StartOptions['env'] = {}): Child {
    const terminal = { TERM: 'xterm', CI: undefined, ...env };
    return new Child('script', ['-qefc', line, '/dev/null'], { cwd: this.dir, env: terminal, input: 'open' });
  }

  /** Starts Node in the project. */
  node(args: readonly string[], env: StartOptions['env'] = {}): Child {
    return Child.node(args, { cwd: this.dir, env });
  }

  /** Runs `goldsmith …`. */
  run(args: readonly string[], env: StartOptions['env'] = {}): Promise<Ended> {
    return this.start(args, env).ended;
  }

  /** Starts the program that is to be killed. */
  victim(order: Omit<Order, 'projectDir' | 'app'>, env: StartOptions['env'] = {}): Child {
    const whole: Order = { ...order, projectDir: this.dir, app: this.app };
    return Child.node([program('victim'), JSON.stringify(whole)], { cwd: this.dir, env });
  }

  /** Everything that the catalog knows. */
  records(state = this.file('.goldsmith')): { readonly nodes: NodeRecord[]; readonly checkpoints: CheckpointRecord[] } {
    return {
      nodes: readAll<NodeRecord>(path.join(state, 'store', 'nodes')),
      checkpoints: readAll<CheckpointRecord>(path.join(state, 'store', 'checkpoints')),
    };
  }

  /** Ids of its runs. */
  runs(state = this.file('.goldsmith')): string[] {
    return fs.existsSync(path.join(state, 'runs')) ? fs.readdirSync(path.join(state, 'runs')).sort() : [];
  }

  remove(): void {
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}

let counter = 0;

function readAll<T>(dir: string): T[] {
  if (!fs.existsSync(dir)) return [];
  return fs
    .readdirSync(dir)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(fs.readFileSync(path.join(dir, name), 'utf8')) as T);
}
