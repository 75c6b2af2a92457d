import type { Tag } from '@aws-sdk/client-ec2';
import type { Api } from '../api/api';
import { AwsError } from '../api/errors';
import { SEEN_AFTER } from './births';
import { tagOf, TOKEN } from './tags';

/** Something that has a name. */
interface Named {
  readonly id: string;
  readonly tags: readonly Tag[] | undefined;
}

/**
 * Whose a name is that was refused since it is taken. Where the answer to an earlier try was lost, that try may have taken it, and AWS
 * may not show yet what it made: so it is looked for until somebody's is seen.
 *
 * @returns the id of what an earlier try of the same creation made; undefined where it is somebody else's
 */
export async function whoseName(
  api: Api,
  refusal: unknown,
  token: string,
  look: () => Promise<readonly Named[]>,
): Promise<string | undefined> {
  const mayBeOurs = refusal instanceof AwsError && refusal.doubtful;
  const end = api.clock.now() + (mayBeOurs ? SEEN_AFTER : 0);
  for (;;) {
    const found = await look();
    const own = found.find(({ tags }) => tagOf(tags, TOKEN) === token);
    if (own) return own.id;
    if (found.length > 0 || api.clock.now() >= end) return undefined;
    await api.clock.sleep(1000);
  }
}
