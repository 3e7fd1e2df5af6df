import { isStopping } from './run.mjs';

/** What the set-up says, all of it on stderr: finished parts as lines; parts under way in one line redrawn on a terminal, every 10 s elsewhere. */
const out = process.stderr;
const started = Date.now();
const active = new Map();
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;
let timer;

export function say(text) {
  clear();
  out.write(`${text}\n`);
}

const clear = () => out.isTTY && active.size && out.write('\r\x1b[K');
const status = () =>
  [...active].map(([name, { note, since }]) => `${name}${note ? ` ${note}` : ''} (${seconds(since)})`).join(' · ');

function tick() {
  if (!active.size) return;
  if (out.isTTY) out.write(`\r\x1b[K  ${status().slice(0, (out.columns ?? 80) - 4)}`);
  else out.write(`  … ${status()}\n`);
}

/** Runs one part of the set-up under a name; `work` gets a function that says how far it is. */
export async function part(name, what, work) {
  say(`  ${name}: ${what}`);
  const entry = { note: '', since: Date.now() };
  active.set(name, entry);
  timer ??= setInterval(tick, out.isTTY ? 200 : 10000).unref();
  try {
    const result = await work((note) => (entry.note = note));
    clear();
    active.delete(name);
    say(`  ${name}: done in ${seconds(entry.since)}`);
    return result;
  } catch (error) {
    clear();
    active.delete(name);
    say(`  ${name}: ${isStopping() ? 'stopped' : 'FAILED'} after ${seconds(entry.since)}`);
    throw error;
  } finally {
    clear();
    active.delete(name);
  }
}

export const total = () => seconds(started);
