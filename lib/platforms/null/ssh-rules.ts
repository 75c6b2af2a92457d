import type { SshCommunicatorProps } from '../../communicators/ssh/props';
import type { Rule } from '../../extension/props';

/** Nobody but the user knows anything of the machine: so all that is needed must be said. */
export const sshRule: Rule = ({ communicator }) => {
  if ((communicator as Partial<SshCommunicatorProps> | undefined)?.type !== 'ssh') return undefined;
  const { host, username, password, privateKeyFile, agentAuth, hostKey } = communicator as SshCommunicatorProps;
  const missing = Object.entries({ host, username }).flatMap(([name, value]) =>
    value === undefined ? [`\`${name}\``] : [],
  );
  if (missing.length > 0)
    return `\`communicator\` needs ${missing.join(' and ')}: there is no platform here that knows`;
  if (password === undefined && privateKeyFile === undefined && agentAuth !== true)
    return '`communicator` has nothing to log in with: give `privateKeyFile`, `agentAuth: true` or `password`';
  if (hostKey === 'pinned')
    return "`communicator.hostKey` is 'pinned', but the machine was not made here: say 'known-hosts', 'first-use', a fingerprint (`SHA256:…`) or 'insecure'";
  return undefined;
};
