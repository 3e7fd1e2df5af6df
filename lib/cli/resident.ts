import { readFileSync, writeFileSync } from 'node:fs';

/** A figure of this process in bytes, as Linux keeps it: `VmRSS` resident now, `VmHWM` the most since the start or `forgetPeak`. */
export function resident(name: 'VmRSS' | 'VmHWM'): number {
  const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

/** Forgets the largest resident memory so far. */
export function forgetPeak(): void {
  writeFileSync('/proc/self/clear_refs', '5');
}
