import { createRequire } from 'node:module';
import * as path from 'node:path';
import { GoldsmithError, messageOf } from '../errors';
import { isExtension, type Extension } from '../extension';
import type { RunContext } from '../extension/context';
import type { LookupExtension } from '../extension/lookup';
import type { PlatformDriver, PlatformExtension } from '../extension/platform';
import type { PostProcessorExtension } from '../extension/post-processor';
import type { ProvisionerExtension } from '../extension/provisioner';
import type { SecretExtension } from '../extension/secret';
import { builtInSecrets } from './secrets';

type Kinds = {
  platform: PlatformExtension<unknown, unknown>;
  provisioner: ProvisionerExtension<unknown, unknown>;
  'post-processor': PostProcessorExtension<unknown, unknown>;
  secret: SecretExtension;
  lookup: LookupExtension;
};

/** The extensions of a run: those that came along with the constructs, else loaded by module name from the user's project. */
export class Extensions {
  private readonly loaded = new Map<string, Extension>(
    builtInSecrets.map((secret) => [`secret ${secret.use}`, secret]),
  );
  private readonly drivers = new Map<string, Promise<PlatformDriver>>();

  constructor(
    private readonly modules: Readonly<Record<string, string>>,
    private readonly projectDir: string,
    given: ReadonlyMap<string, Extension> = new Map(),
  ) {
    for (const extension of given.values()) this.loaded.set(`${extension.kind} ${extension.use}`, extension);
  }

  /** The extension of a kind and type key. */
  get<K extends keyof Kinds>(kind: K, use: string): Kinds[K] {
    const key = `${kind} ${use}`;
    const known = this.loaded.get(key);
    if (known) return known as Kinds[K];
    const module = Object.hasOwn(this.modules, use) ? this.modules[use] : undefined;
    if (module === undefined)
      throw new GoldsmithError('INVALID_PLAN', `the plan names no module for \`${use}\``, {
        hint: 'make it anew with `goldsmith synth`',
      });
    for (const value of Object.values(this.require(module, use))) {
      if (isExtension(value)) this.loaded.set(`${value.kind} ${value.use}`, value);
    }
    const found = this.loaded.get(key);
    if (found) return found as Kinds[K];
    throw new GoldsmithError('MODULE_NOT_FOUND', `the module \`${module}\` exports no ${kind} \`${use}\``, {
      hint: `the plan names it for \`${use}\`; check the version that is installed in ${this.projectDir}`,
    });
  }

  /** The driver of a platform; loads its SDK when it is asked for first. */
  driver(use: string, ctx: RunContext): Promise<PlatformDriver> {
    let driver = this.drivers.get(use);
    if (!driver) this.drivers.set(use, (driver = this.get('platform', use).load(ctx)));
    return driver;
  }

  /** Whether a type key can be resolved to an extension of a kind. */
  has(kind: keyof Kinds, use: string): boolean {
    try {
      this.get(kind, use);
      return true;
    } catch {
      return false;
    }
  }

  /** Ends the drivers' connections. */
  async close(): Promise<void> {
    for (const driver of this.drivers.values()) await driver.then((loaded) => loaded.close?.()).catch(() => undefined);
  }

  private require(module: string, use: string): Record<string, unknown> {
    const own = ownModule(module);
    try {
      if (own !== undefined) return require(own) as Record<string, unknown>;
      return createRequire(path.join(this.projectDir, 'noop.js'))(module) as Record<string, unknown>;
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
      throw new GoldsmithError(
        'MODULE_NOT_FOUND',
        `the module \`${module}\`, which runs \`${use}\`, cannot be loaded: ${messageOf(error).split('\n')[0]}`,
        {
          cause: error,
          hint: missing
            ? `install it where the plan runs: npm install ${module
                .split('/')
                .slice(0, module.startsWith('@') ? 2 : 1)
                .join('/')}`
            : 'load it by hand to see what is wrong with it',
        },
      );
    }
  }
}

/** goldsmith's own modules come from this copy, wherever the plan runs. */
function ownModule(module: string): string | undefined {
  if (module === 'goldsmith') return path.resolve(__dirname, '..');
  const match = /^goldsmith\/([a-z-]+)$/.exec(module);
  return match ? path.resolve(__dirname, '..', 'platforms', match[1]!) : undefined;
}
