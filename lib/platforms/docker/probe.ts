import { toProblem } from '../../errors';
import type { RunContext } from '../../extension/context';
import type { PlatformProbe } from '../../extension/platform';
import { SEE_DOCTOR } from './errors';
import { withEngine } from './open-engine';

/** The oldest API that has all that is used: platforms of containers came with it (Docker 20.10). */
const OLDEST_API = [1, 41] as const;

/** Which engine answers, and whether it can build images. */
export async function probe(ctx: RunContext): Promise<PlatformProbe> {
  try {
    return await withEngine(ctx, async (engine) => {
      const { ApiVersion = '', Version = '', Os = '', Arch = '' } = await engine.version(ctx.signal);
      const { url, origin } = engine.endpoint;
      const detail = `Docker Engine ${Version} (API ${ApiVersion}, ${Os}/${Arch}) at ${url}, from ${origin}`;
      if (isOlder(ApiVersion)) return { ok: false, detail, fix: 'upgrade to Docker 20.10 or newer' };
      return Os === 'linux'
        ? { ok: true, detail }
        : { ok: false, detail, fix: 'switch the engine to Linux containers' };
    });
  } catch (error) {
    const { message, hint } = toProblem(error);
    const fix = hint?.replace(SEE_DOCTOR, '');
    return { ok: false, detail: message, fix: fix ?? 'install Docker, or use the sandbox platform, which needs none' };
  }
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < OLDEST_API[0] || (major === OLDEST_API[0] && minor < OLDEST_API[1]);
}
