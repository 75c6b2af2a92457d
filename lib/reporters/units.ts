const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time for people: `0.4s`, `12.3s`, `3m 05s`, `2h 07m`, `4d 02h`. */
export function formatDuration(ms: number): string {
  const time = Math.max(0, ms);
  // 59.95 seconds and more would print as 60.0s.
  if (time < MINUTE - 50) return `${(time / SECOND).toFixed(1)}s`;
  const seconds = Math.round(time / SECOND);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  const minutes = Math.round(time / MINUTE);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
  const hours = Math.round(time / HOUR);
  return `${Math.floor(hours / 24)}d ${two(hours % 24)}h`;
}

/** A size for people, in powers of 1000 as disks and registries count: `0 B`, `1.5 kB`, `45.2 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = Math.max(0, bytes);
  let unit = 0;
  // 999.95 and more would print as 1000.0.
  while (value >= (unit === 0 ? 1000 : 999.95) && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** How long ago something was: `just now`, `5 minutes ago`, `3 days ago`. */
export function formatAge(ms: number): string {
  if (ms < 5 * SECOND) return 'just now';
  for (const [size, name] of [
    [DAY, 'day'],
    [HOUR, 'hour'],
    [MINUTE, 'minute'],
    [SECOND, 'second'],
  ] as const) {
    const count = Math.floor(ms / size);
    if (count >= 1) return `${count} ${name}${count === 1 ? '' : 's'} ago`;
  }
  return 'just now';
}

/** `1 build`, `3 builds`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A point in time in UTC, to the second: `2026-11-22 04:05:06 UTC`. */
export function formatTime(ms: number): string {
  return new Date(ms)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
