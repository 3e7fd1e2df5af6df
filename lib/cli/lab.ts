import { spawn } from 'node:child_process';
import type { Command } from 'commander';
import { ensure } from '../runtime/errors';
import { projectRoot } from '../runtime/files';
import { jupyterEnvironment, venvProgram } from './python';

interface LabOptions {
  browser: boolean;
  port?: string;
}

/** `esci lab`: JupyterLab on this machine only, its file browser on `notebooks/`, with the TypeScript kernel of `.venv`. */
export function registerLab(program: Command): void {
  program
    .command('lab')
    .description('open JupyterLab on notebooks/ (127.0.0.1 only)')
    .option('--no-browser', 'print the address instead of opening a browser')
    .option('--port <port>', 'port to listen on (default: 8888 or the next free one)')
    .argument('[args...]', 'after --: options for JupyterLab itself, such as --ServerApp.password=…')
    .action(async (args: string[], options: LabOptions) => {
      ensure(!options.port || /^\d{1,5}$/.test(options.port), `--port must be a number, got ${options.port}`);
      process.exitCode = await runLab(args, options);
    });
}

function runLab(args: readonly string[], { browser, port }: LabOptions): Promise<number> {
  const all = [
    'lab',
    '--ServerApp.ip=127.0.0.1',
    `--ServerApp.root_dir=${projectRoot()}`,
    '--LabApp.default_url=/lab/tree/notebooks',
    '--LabApp.news_url=',
    ...(browser ? [] : ['--no-browser']),
    ...(port ? [`--ServerApp.port=${port}`, '--ServerApp.port_retries=0'] : []),
    ...(process.getuid?.() === 0 ? ['--allow-root'] : []),
    ...args,
  ];
  const child = spawn(venvProgram('jupyter'), all, { cwd: projectRoot(), env: jupyterEnvironment(), stdio: 'inherit' });
  // Ctrl-C reaches JupyterLab by itself, which asks and then ends; this process waits for it.
  const ignore = (): void => undefined;
  const forward = (): void => void child.kill('SIGTERM');
  process.on('SIGINT', ignore).on('SIGTERM', forward);
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => {
      process.off('SIGINT', ignore).off('SIGTERM', forward);
      done(code ?? 1);
    });
  });
}
