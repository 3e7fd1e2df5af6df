import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SafetensorsReader } from '../encoder/safetensors';
import { writeSafetensors } from '../encoder/safetensors-writer';
import type { Program } from '../graph';
import { ensure, InputError } from '../runtime/errors';
import { writeFileAtomic } from '../runtime/files';
import { configHash } from '../runtime/hash';
import { isRunning } from '../runtime/process';
import type { Progress } from './loop';

const NAMED = 'checkpoint.json';
const BEST = 'best.safetensors';

/**
 * A run's state on disk: every state variable (weights, moments, EMA shadow, queue, accumulated gradients) and its progress. Random keys and the
 * sampler's position need no saving: both are functions of the step. So a run that was killed and resumed equals one that was not, bit for bit.
 *
 * The state is one safetensors file named for its step and the process that wrote it; `checkpoint.json` names it and is written last, atomically. A kill at any moment
 * leaves the last whole checkpoint in force. Should two processes make the same run at once, each takes away its own files and those of processes that are gone, never
 * another's.
 */
export class Checkpoints {
  /** `run` is what decides the result: a checkpoint of another run in the same folder is refused. */
  constructor(
    private readonly folder: string,
    private readonly run: unknown,
  ) {}

  save(program: Program, progress: Progress): void {
    const state = program.read();
    const file = `state-${progress.step}-${process.pid}.safetensors`;
    const tensors = Object.entries(state).map(
      ([name, values]) => [name, { shape: [values.length], values: () => values as Float32Array }] as const,
    );
    writeSafetensors(join(this.folder, file), Object.fromEntries(tensors));
    writeFileAtomic(join(this.folder, NAMED), JSON.stringify({ run: configHash(this.run), file, progress }));
    sweep(this.folder, file);
  }

  /** Puts the program in the saved state and returns the progress; undefined where there is no checkpoint. */
  restore(program: Program): Progress | undefined {
    const path = join(this.folder, NAMED);
    if (!existsSync(path)) return undefined;
    let saved: { run: string; file: string; progress: Progress };
    try {
      saved = JSON.parse(readFileSync(path, 'utf8')) as typeof saved;
    } catch (error) {
      throw new InputError(`checkpoint ${path} is not JSON: ${(error as Error).message}; delete ${this.folder} to start anew`);
    }
    ensure(
      saved.run === configHash(this.run),
      `checkpoint ${path} belongs to another run: expected ${configHash(this.run)}, got ${saved.run}`,
    );
    ensure(
      existsSync(join(this.folder, saved.file)),
      `checkpoint ${path} names ${saved.file}, which is not there; delete ${this.folder} to start anew`,
    );
    const file = new SafetensorsReader(join(this.folder, saved.file));
    program.write(Object.fromEntries(Object.keys(file.tensors).map((name) => [name, file.read(name)])));
    return saved.progress;
  }

  /** Keeps the weights of the best evaluation so far beside the checkpoint. */
  keepBest(weights: Readonly<Record<string, Float32Array>>): void {
    const tensors = Object.entries(weights).map(
      ([name, values]) => [name, { shape: [values.length], values: () => values }] as const,
    );
    writeSafetensors(join(this.folder, BEST), Object.fromEntries(tensors));
  }

  /** The weights that `keepBest` kept last. */
  best(): Record<string, Float32Array> {
    const file = new SafetensorsReader(join(this.folder, BEST));
    return Object.fromEntries(Object.keys(file.tensors).map((name) => [name, file.read(name)]));
  }

  /** Forgets the checkpoint, once what the run was for is kept. */
  remove(): void {
    removeCheckpoints(this.folder);
  }
}

/** Takes a folder of checkpoints away, but for the states of other processes that are at the same run. */
export function removeCheckpoints(folder: string): void {
  if (!existsSync(folder)) return;
  rmSync(join(folder, NAMED), { force: true });
  if (sweep(folder)) return;
  rmSync(join(folder, BEST), { force: true });
  try {
    rmdirSync(folder);
  } catch {
    // another process has put a file there meanwhile
  }
}

/** Deletes the states in a folder that are neither `kept` nor another running process's; true where such are left. */
function sweep(folder: string, kept?: string): boolean {
  let others = false;
  for (const name of readdirSync(folder)) {
    if (!name.startsWith('state-') || name === kept) continue;
    const writer = Number(/^state-\d+-(\d+)\./.exec(name)?.[1] ?? 0);
    if (writer && writer !== process.pid && isRunning(writer)) others = true;
    else rmSync(join(folder, name), { force: true });
  }
  return others;
}
