import { GoldsmithError } from '../errors';
import { runProcess } from '../util/spawn';
import type { Credentials, CredentialsContext } from './credentials';

/**
 * Asks a credential helper, a program that reads the server on `get` and prints JSON:
 * https://github.com/docker/docker-credential-helpers#development.
 *
 * One that is not installed is an error, as it is to Docker, also where the image might be had without a login: a private image would
 * seem not to exist, and nothing would say why.
 */
export async function askHelper(
  name: string,
  server: string,
  ctx: CredentialsContext,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  let answer = '';
  const end = await runProcess(program, ['get'], {
    env: ctx.env,
    signal: ctx.signal,
    clock: ctx.clock,
    stdin: server,
    onOutput: (text, stream) => {
      if (stream === 'stdout') answer += text;
    },
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new GoldsmithError(
      'ACCESS_DENIED',
      `Docker's configuration says that \`${program}\` knows the login for ${server}, but there is no such program`,
      { hint: `install it, or take \`${name}\` out of credsStore and credHelpers in config.json`, cause: error },
    );
  });
  // A helper that has nothing for a server says so on its output and exits with 1: an answer, not a fault.
  if (!('code' in end) || end.code !== 0) return undefined;
  const { Username = '', Secret } = parseAnswer(answer, program);
  if (!Secret) return undefined;
  return Username === '<token>'
    ? { username: '', password: '', identityToken: Secret }
    : { username: Username, password: Secret };
}

function parseAnswer(answer: string, program: string): { readonly Username?: string; readonly Secret?: string } {
  try {
    return JSON.parse(answer) as { Username?: string; Secret?: string };
  } catch {
    throw new GoldsmithError('ACCESS_DENIED', `\`${program} get\` did not answer with JSON`, {
      hint: 'run `docker login` again',
    });
  }
}
