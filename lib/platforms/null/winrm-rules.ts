import type { WinrmCommunicatorProps } from '../../communicators/winrm/props';
import type { Rule } from '../../extension/props';

/** Nobody but the user knows anything of the machine: so all that is needed must be said. */
export const winrmRule: Rule = ({ communicator }) => {
  if ((communicator as Partial<WinrmCommunicatorProps> | undefined)?.type !== 'winrm') return undefined;
  const { host, username, password, transport } = communicator as WinrmCommunicatorProps;
  const needed = transport === 'certificate' ? { host } : { host, username, password };
  const missing = Object.entries(needed).flatMap(([name, value]) => (value === undefined ? [`\`${name}\``] : []));
  return missing.length === 0
    ? undefined
    : `\`communicator\` needs ${missing.join(', ')}: there is no platform here that knows`;
};
