#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { fileProblem, InputError } from '../runtime/errors';
import { verbs } from './verbs';

/** The command line: one program, a file per verb. A user's mistake is one line on stderr and exit code 2. */
export async function main(argv: readonly string[]): Promise<number> {
  const { version } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8')) as { version: string };
  const program = new Command('esci')
    .description('Reproduce and extend research on e-commerce product search')
    .version(version, '--version')
    .showHelpAfterError('(run with --help for the options)')
    .exitOverride();
  for (const register of verbs) register(program);
  const strict = (command: Command): void => {
    command.exitOverride().allowUnknownOption(false).allowExcessArguments(false);
    command.commands.forEach(strict);
  };
  strict(program);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): number {
  const { code, exitCode, path } = error as { code?: string; exitCode?: number; path?: string };
  if (code?.startsWith('commander.')) return exitCode ? 2 : 0;
  if (error instanceof InputError) {
    process.stderr.write(`esci: ${error.message.split('\n').join('\n  ')}\n`);
    return 2;
  }
  // The reader of a pipe that stands for a file has seen enough.
  if (code === 'EPIPE' && path !== undefined) return 0;
  const problem = systemProblem(error);
  if (problem) {
    process.stderr.write(`esci: ${problem}\n`);
    return code === 'ENOSPC' ? 1 : 2;
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}

/** A file or folder that could not be written, in one line; undefined for other errors, and for a file that is missing where one is read. */
function systemProblem(error: unknown): string | undefined {
  const problem = fileProblem(error);
  if (problem === undefined) return undefined;
  const { code, syscall, path = '', dest, message } = error as NodeJS.ErrnoException & { dest?: string };
  if (code === 'ENOENT' && syscall === 'open' && !path.endsWith('.tmp')) return undefined;
  const place = (dest ?? path).replace(/\.\d+\.tmp$/, '');
  return place ? `${place}: ${problem}` : message;
}

/**
 * A reader that has seen enough (`… | head`) closes the pipe: nobody is left to write to, so the program ends, without a word. What cannot be written for another
 * reason, such as a full disk, ends it with one line.
 */
function endWithTheReader(name: 'stdout' | 'stderr'): void {
  process[name].on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    if (name === 'stdout') process.stderr.write(`esci: ${name}: ${fileProblem(error) ?? error.message}\n`);
    process.exit(1);
  });
}

if (require.main === module) {
  endWithTheReader('stdout');
  endWithTheReader('stderr');
  void main(process.argv.slice(2)).then((code) => {
    process.exitCode = code;
  });
}
