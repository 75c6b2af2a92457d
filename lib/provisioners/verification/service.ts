import { z } from 'zod';
import type { CheckResult } from '../../extension/check';
import { duration } from '../../extension/props';
import { shellQuote } from '../../util/quote';
import { resultOf, type Guest } from './guest';
import { lookUntil, WITHIN, type Look } from './wait';

/** A service that must (or must not) run. */
export interface ServiceCheck {
  /** Its name, as `systemctl status`, `rc-service` or `service` take it. */
  readonly name: string;
  /**
   * Whether it must run. `false`: it must not; what is not installed does not.
   * @default true
   */
  readonly running?: boolean;
  /**
   * Whether it must start at each boot, or must not.
   * @default - either
   */
  readonly enabled?: boolean;
  /**
   * How long it may take until it runs, such as `1m`. One that must not run is looked at once.
   * @default - `within` of the verification
   */
  readonly within?: string;
}

const name = z
  .string()
  .regex(/^[A-Za-z0-9@_.:\\][A-Za-z0-9@_.:\\-]*$/, 'the name of a service, such as `nginx` or `getty@tty1`');

/** Checks {@link ServiceCheck}. */
export const serviceSchema = z.strictObject({
  name,
  running: z.boolean().optional(),
  enabled: z.boolean().optional(),
  within: duration().optional(),
});

/** A service, or only its name. */
export const serviceEntry = z.union([name, serviceSchema]);

type Service = z.output<typeof serviceSchema>;

/**
 * Says as `NAME=value` what is known of a service. systemd runs where sd_booted(3) says so; the exit status of `is-enabled` counts
 * (systemctl(1)), so a static unit and an init script are enabled. An init script's `status` ends with 0 while it runs (LSB 3.1, 20.2).
 */
function scriptFor(service: string): string {
  return `name=${shellQuote(service)}
{ read -r first < /proc/1/comm; } 2>/dev/null
echo "first=$first"
if [ -d /run/systemd/system ]; then
  echo manager=systemd
  systemctl show -p LoadState -p ActiveState -p SubState -- "$name"
  if systemctl is-enabled --quiet -- "$name" 2>/dev/null; then echo enabled=yes; else echo enabled=no; fi
  [ -z "$GS_LOG" ] || { echo log; journalctl -q --no-pager -n 10 -u "$name" 2>/dev/null; }
elif [ -d /run/openrc ] && command -v rc-service >/dev/null; then
  echo manager=OpenRC
  if rc-service -q -e "$name"; then echo LoadState=loaded; else echo LoadState=not-found; fi
  if rc-service "$name" status >/dev/null 2>&1; then echo ActiveState=active; else echo ActiveState=inactive; fi
  if rc-update show 2>/dev/null | grep -q "^ *$name |.*[a-z]"; then echo enabled=yes; else echo enabled=no; fi
elif [ -x "/etc/init.d/$name" ]; then
  echo manager=init
  echo LoadState=loaded
  if "/etc/init.d/$name" status >/dev/null 2>&1; then echo ActiveState=active; else echo ActiveState=inactive; fi
  set -- /etc/rc[2-5].d/S[0-9][0-9]"$name"
  if [ -e "$1" ]; then echo enabled=yes; else echo enabled=no; fi
fi
:`;
}

/** Waits until a service runs, or looks once that it does not. */
export async function checkService(
  entry: z.output<typeof serviceEntry>,
  within: string | undefined,
  guest: Guest,
): Promise<CheckResult> {
  const check: Service = typeof entry === 'string' ? { name: entry } : entry;
  const title = `service ${check.name}`;
  const look = async (): Promise<Look> => lookAt(check, (await guest.runAsRoot(scriptFor(check.name))).stdout);
  const limit = check.running === false ? '0s' : (check.within ?? within ?? WITHIN);
  const { wrong } = await lookUntil(title, limit, guest.ctx, look);
  if (wrong.length === 0) return resultOf(title, wrong);
  const [, log = ''] = (await guest.runAsRoot(`GS_LOG=1\n${scriptFor(check.name)}`)).stdout.split('\nlog\n');
  return resultOf(title, wrong, log.trimEnd());
}

function lookAt({ name: service, running = true, enabled }: Service, printed: string): Look {
  const facts = Object.fromEntries(printed.split('\n').map((line) => line.split('=') as [string, string]));
  const { manager, LoadState: load, ActiveState: active = 'inactive', SubState: sub, first } = facts;
  if (manager === undefined) {
    if (!running && enabled !== true) return { wrong: [] };
    const why = `the machine runs neither systemd nor OpenRC, and has no /etc/init.d/${service}`;
    return { wrong: [`cannot be looked at: ${why}; check its port, or a command, instead`], final: true };
  }
  if (load === 'not-found' && (running || enabled === true))
    return { wrong: [`is not known to ${manager}`], final: true };
  const wrong: string[] = [];
  const runs = active === 'active';
  const state = sub === undefined ? active : `${active} (${sub})`;
  // What starts init scripts is the first process; in a container that is a program of its own.
  const idle =
    manager === 'init' && first !== 'init' ? `; nothing starts services here, the first process is ${first}` : '';
  if (running && !runs) wrong.push(`does not run: ${state}${idle}`);
  if (!running && runs) wrong.push(`runs (${state}), but must not`);
  if (enabled === true && facts['enabled'] !== 'yes') wrong.push('does not start at boot');
  if (enabled === false && facts['enabled'] === 'yes') wrong.push('starts at boot, but must not');
  const waits = running && !runs && active !== 'failed' && idle === '';
  return { wrong, final: !waits };
}
