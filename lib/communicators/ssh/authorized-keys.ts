import { GoldsmithError } from '../../errors';
import type { Communicator } from '../../extension/communicator';
import { shellQuote } from '../../util/quote';

/**
 * Removes a public key from the authorized_keys of the login user and, where it may, of root: cloud-init puts it there too.
 *
 * @param publicKey a line as in authorized_keys
 * @throws GoldsmithError where the key is still there
 */
export async function removeAuthorizedKey(
  machine: Communicator,
  publicKey: string,
  signal: AbortSignal,
): Promise<void> {
  const key = publicKey.trim().split(/\s+/)[1] ?? '';
  if (key === '' || machine.guest !== 'unix') return;
  let said = '';
  const result = await machine.exec(REMOVE.replace('KEY', shellQuote(key)), {
    signal,
    onOutput: (text) => (said += text),
  });
  if (result.ended === 'exit' && result.code === 0) return;
  throw new GoldsmithError('STEP_FAILED', "the temporary key could not be removed from the machine's authorized_keys", {
    hint: 'remove it by a step of your own, and set `clearAuthorizedKeys: false`',
    ...(said !== '' && { output: said }),
  });
}

/** The file is rewritten in place: owner, mode and SELinux label stay. One that becomes empty stays too. */
const REMOVE = `
k=KEY
clear='f=$1/.ssh/authorized_keys; [ -f "$f" ] || exit 0; grep -qF "$2" "$f" || exit 0
rest=$(grep -vF "$2" "$f"); printf "%s" "\${rest:+$rest
}" >"$f" && ! grep -qF "$2" "$f"'
/bin/sh -c "$clear" sh "$HOME" "$k" || exit 1
if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n /bin/sh -c "$clear" sh /root "$k"; fi
`;
