import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { makeFolder } from '../runtime/destination';
import { ensure, InputError } from '../runtime/errors';
import { projectRoot } from '../runtime/files';
import { checkOutputFolder } from './outputs';
import { jupyterEnvironment, venvProgram } from './python';

interface NotebookOptions {
  scale?: string;
  set: Record<string, string>;
  check?: boolean;
  out?: string;
  html?: string;
  timeout?: string;
}

type Event =
  | { event: 'cell'; path: string; done: number; total: number }
  | { event: 'failed'; path: string; cell: number; message: string; stderr: string; out: string | null }
  | { event: 'done'; path: string; out: string | null; html: string | null; changed: boolean };

const collect = (text: string, before: Record<string, string>): Record<string, string> => {
  const [, name, value] = /^([A-Za-z][A-Za-z0-9_]*)=(.*)$/.exec(text) ?? [];
  if (!name) throw new InputError(`--set must be name=value, got ${JSON.stringify(text)}`);
  return { ...before, [`ESCI_${name.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase()}`]: value };
};

/** `esci notebooks`: executes notebooks from fresh kernels and writes their outputs, without counts, ids, times or paths. */
export function registerNotebooks(program: Command): void {
  program
    .command('notebooks')
    .description('execute notebooks through the TypeScript kernel and write their outputs; fails where a cell fails')
    .argument('[names...]', 'notebooks, e.g. 00_start or a path (default: all of notebooks/)')
    .option('--scale <scale>', 'scale the notebooks run at (they read ESCI_SCALE)')
    .option('--set <name=value>', 'any other parameter: the notebook reads ESCI_NAME (repeatable)', collect, {})
    .option('--check', 'execute and write nothing')
    .option('--out <folder>', 'write the executed notebooks there instead of in place; one that fails too, as far as it came')
    .option('--html <folder>', 'also export each as a page whose figures are live offline')
    .option('--timeout <seconds>', 'give up on a cell after so long (default: never)')
    .action(async (names: string[], options: NotebookOptions) => {
      process.exitCode = await runNotebooks(names, options);
    });
}

function find(name: string): string {
  const candidates = [name, `${name}.ipynb`].flatMap((n) => [resolve(n), join(projectRoot(), 'notebooks', n)]);
  const found = candidates.find((path) => path.endsWith('.ipynb') && existsSync(path));
  ensure(found, `there is no notebook ${JSON.stringify(name)}; known: ${all().map((p) => basename(p, '.ipynb')).join(', ') || 'none'}`); // prettier-ignore
  return found;
}

function all(): string[] {
  const folder = join(projectRoot(), 'notebooks');
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.ipynb')) : [];
  return names.sort().map((name) => join(folder, name));
}

/** Executes notebooks and returns the exit code: 1 where a cell failed. Progress and failures go to stderr, what was written to stdout. */
export async function runNotebooks(names: readonly string[], options: NotebookOptions): Promise<number> {
  const paths = names.length ? names.map(find) : all();
  ensure(paths.length, 'notebooks/ holds no notebook');
  ensure(!(options.check && options.out), '--check writes nothing, so --out has no meaning beside it');
  ensure(!options.timeout || Number(options.timeout) > 0, `--timeout must be a number of seconds, got ${options.timeout}`);
  for (const name of ['out', 'html'] as const) if (options[name] !== undefined) checkOutputFolder(`--${name}`, options[name]);
  const out = options.out && resolve(options.out);
  if (out) makeFolder(out);
  const plan = {
    root: projectRoot(),
    notebooks: paths.map((path) => ({ path, out: out ? join(out, basename(path)) : path })),
    write: !options.check,
    html: options.html ? resolve(options.html) : null,
    plotly: plotlySource(),
    timeout: options.timeout ? Number(options.timeout) : null,
  };
  const env = jupyterEnvironment({ ...options.set, ...(options.scale ? { ESCI_SCALE: options.scale } : {}) });
  const child = spawn(venvProgram('python'), [join(projectRoot(), 'scripts', 'notebooks.py')], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<number>((done, fail) => child.on('error', fail).on('close', (code) => done(code ?? 1)));
  child.stdin.end(JSON.stringify(plan));
  for await (const line of createInterface({ input: child.stdout })) tell(JSON.parse(line) as Event);
  return ended;
}

function tell(event: Event): void {
  const name = basename(event.path, '.ipynb');
  const local = (path: string): string => (relative(process.cwd(), path).startsWith('..') ? path : relative(process.cwd(), path));
  if (event.event === 'cell') {
    process.stderr.write(`${name}: code cell ${event.done + 1} of ${event.total}\n`);
  } else if (event.event === 'failed') {
    const text = event.stderr.trimEnd().split('\n').join('\n  ');
    process.stderr.write(`${name}: cell ${event.cell + 1} ${event.message}\n  ${text}\n`);
    if (event.out !== null) process.stderr.write(`${name}: as far as it came: ${local(event.out)}\n`);
  } else {
    const written = [event.out, event.html].filter((path) => path !== null).map(local);
    process.stdout.write(
      `${name}: ${written.length ? `wrote ${written.join(', ')}` : 'ran'}${event.changed ? '' : ' (outputs unchanged)'}\n`,
    );
  }
}

/** Plotly's files for pages, found beside the installed packages' entries (importing them would need a browser). */
function plotlySource(): { basic: string | null; full: string } {
  const folder = join(projectRoot(), 'node_modules');
  const basic = join(folder, 'plotly.js-basic-dist-min', 'plotly-basic.min.js');
  const full = join(folder, 'plotly.js-dist', 'plotly.js');
  ensure(existsSync(full), 'plotly.js-dist is not installed: run npm run setup');
  return { basic: existsSync(basic) ? basic : null, full };
}
