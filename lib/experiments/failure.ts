import { InputError } from '../runtime/errors';

/** Thrown where a run was asked to stop before its end; nothing of it is recorded. */
export class Stopped extends Error {
  override name = 'Stopped';
}

/** The stage of a run that another process is making. */
export const WAITING = 'waiting for another process that is at it';

/** What a wait on another process does at every look: says so once, and ends where a stop was asked for. */
export function waiting({ stopped, onStage }: { stopped?: () => boolean; onStage?: (stage: string) => void }): () => void {
  let said = false;
  return () => {
    if (stopped?.()) throw new Stopped('stopped while another process was at it');
    if (!said) onStage?.(WAITING);
    said = true;
  };
}

/** An error as a worker process tells it: enough to throw the same kind in its parent. */
export interface Failure {
  kind: 'stopped' | 'input' | 'fault';
  message: string;
  stack?: string;
  /** What the system said of a file: `code`, `syscall`, `path`, `dest`. */
  system: Pick<NodeJS.ErrnoException, 'code' | 'syscall' | 'path'> & { dest?: string };
}

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { kind: 'fault', message: String(error), system: {} };
  const { code, syscall, path, dest } = error as NodeJS.ErrnoException & { dest?: string };
  return {
    kind: error instanceof Stopped ? 'stopped' : error instanceof InputError ? 'input' : 'fault',
    message: error.message,
    stack: error.stack,
    system: { code, syscall, path, dest },
  };
}

/** The error again, of its class, with the worker's stack. */
export function errorOf({ kind, message, stack, system }: Failure): Error {
  const raised = kind === 'stopped' ? new Stopped(message) : kind === 'input' ? new InputError(message) : new Error(message);
  if (stack !== undefined) raised.stack = stack;
  return Object.assign(raised, Object.fromEntries(Object.entries(system).filter(([, value]) => value !== undefined)));
}

/** The error that says which run it came from; only a mistake in the input is worded anew, as its message is all that is shown of it. */
export function naming(run: string, error: unknown): unknown {
  return error instanceof InputError ? new InputError(`${run}: ${error.message}`, { cause: error }) : error;
}
