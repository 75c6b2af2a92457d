import type { WindowsMachine } from './windows';

/** An update of Windows. */
export interface Update {
  readonly Title: string;
  readonly needsRestart?: boolean;
  /** So often it fails before it can be installed. */
  failures?: number;
  installed?: boolean;
  /** The search that finds it; all where it is not given. */
  readonly criteria?: string;
}

class Collection {
  readonly all: object[] = [];

  get Count(): number {
    return this.all.length;
  }

  Item(index: number): object | undefined {
    return this.all[index];
  }

  Add(update: object): number {
    return this.all.push(update) - 1;
  }
}

/** `Microsoft.Update.*`: what the Windows Update Agent offers to scripts. */
export function updateObject(machine: WindowsMachine, name: string): object | undefined {
  if (/^Microsoft\.Update\.UpdateColl$/i.test(name)) return new Collection();
  if (/^Microsoft\.Update\.SystemInfo$/i.test(name)) return { RebootRequired: pending(machine) };
  return undefined;
}

/** `Microsoft.Update.Session`. */
export function updateSession(machine: WindowsMachine): object {
  return {
    CreateUpdateSearcher: () => ({
      Search: (criteria: string) => {
        const found = new Collection();
        for (const update of machine.updates)
          if (update.installed !== true && (update.criteria ?? criteria) === criteria)
            found.Add(
              Object.assign(update, {
                EulaAccepted: true,
                InstallationBehavior: { CanRequestUserInput: false },
                MaxDownloadSize: 1,
              }),
            );
        return { Updates: found };
      },
    }),
    CreateUpdateDownloader: () => ({ Updates: null, Download: () => ({ ResultCode: 2 }) }),
    CreateUpdateInstaller: () => {
      const installer = {
        Updates: new Collection(),
        Install: () => {
          const codes = installer.Updates.all.map((update) => install(update as Update));
          return {
            ResultCode: codes.includes(2) ? 2 : 4,
            RebootRequired: pending(machine),
            GetUpdateResult: (index: number) => ({
              ResultCode: codes[index],
              HResult: codes[index] === 2 ? 0 : -2145124318,
            }),
          };
        },
      };
      return installer;
    },
  };
}

const waiting = new WeakMap<WindowsMachine, number>();

function install(update: Update): number {
  if ((update.failures ?? 0) > 0) {
    update.failures! -= 1;
    return 4;
  }
  update.installed = true;
  return 2;
}

function pending(machine: WindowsMachine): boolean {
  const done = machine.updates.filter(
    ({ installed, needsRestart }) => installed === true && needsRestart === true,
  ).length;
  const [before, restarts] = [waiting.get(machine) ?? 0, machine.restarts];
  waiting.set(machine, Math.max(before, restarts));
  return done > restarts;
}
