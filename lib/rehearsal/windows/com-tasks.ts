import { unescapeXml } from '../../util/xml';
import { PsError } from './powershell/values';
import type { WindowsMachine } from './windows';

/** Users without a password that tasks may run as. */
const SERVICES = /^(nt authority\\)?(system|local service|network service)$/i;
/** SCHED_S_TASK_HAS_NOT_RUN and the states of a task (Task Scheduler reference, TASK_STATE). */
const NOT_RUN = 267011;
const READY = 3;
const RUNNING = 4;

interface Task {
  State: number;
  LastTaskResult: number;
  Run(): void;
  Stop(): void;
}

/** `Schedule.Service`: tasks that really run. */
export function scheduleService(machine: WindowsMachine): object {
  const tasks = new Map<string, Task>();
  const register = (
    name: string,
    task: { XmlText: string },
    user: string,
    password: string | null,
    logon: number,
  ): void => {
    const known = SERVICES.test(user)
      ? password === null && logon === 5
      : machine.users.get(user) === password && logon === 1;
    if (!known) throw new PsError('The user name or password is incorrect. (Exception from HRESULT: 0x8007052E)');
    machine.tasks.push({ user, password, logon, xml: task.XmlText });
    tasks.set(name.toLowerCase(), runnable(machine, task.XmlText, user, name));
  };
  const folder = {
    RegisterTaskDefinition: (
      name: string,
      task: { XmlText: string },
      _flags: number,
      user: string,
      password: string | null,
      logon: number,
    ) => register(name, task, user, password, logon),
    GetTask: (name: string) => {
      const task = tasks.get(name.replace(/^\\/, '').toLowerCase());
      if (!task) throw new PsError('The system cannot find the file specified.');
      return task;
    },
    DeleteTask: (name: string) => void tasks.delete(name.toLowerCase()),
  };
  return { Connect: () => undefined, NewTask: () => ({ XmlText: '' }), GetFolder: () => folder };
}

function runnable(machine: WindowsMachine, xml: string, user: string, name: string): Task {
  const inner = (name: string): string =>
    unescapeXml(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(xml)?.[1] ?? '');
  const stop = new AbortController();
  const task: Task = {
    State: READY,
    LastTaskResult: NOT_RUN,
    Run: () => {
      task.State = RUNNING;
      machine.running.set(name, () => stop.abort(new Error('stopped')));
      const streams = { stdin: nothing(), stdout: () => undefined, stderr: () => undefined };
      void machine
        .run(`${inner('Command')} ${inner('Arguments')}`, streams, stop.signal, { USERNAME: user })
        .catch(() => 1)
        .then((code) => Object.assign(task, { State: READY, LastTaskResult: code }));
    },
    Stop: () => stop.abort(new Error('stopped')),
  };
  return task;
}

async function* nothing(): AsyncGenerator<Buffer> {
  yield* await Promise.resolve([]);
}
