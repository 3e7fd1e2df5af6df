import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SafetensorsReader } from '../encoder/safetensors';
import { writeSafetensors } from '../encoder/safetensors-writer';
import type { Program } from '../graph';
import { ensure, InputError } from '../runtime/errors';
import { writeFileAtomic } from '../runtime/files';
import { configHash } from '../runtime/hash';
import type { Progress } from './loop';

const BEST = 'best.safetensors';

/**
 * A run's state on disk: every state variable (weights, moments, EMA shadow, queue, accumulated gradients) and its progress. Random keys and the
 * sampler's position need no saving: both are functions of the step. So a run that was killed and resumed equals one that was not, bit for bit.
 *
 * The state is one safetensors file named for its step; `checkpoint.json` names it and is written last, atomically. A kill at any moment leaves
 * the last whole checkpoint in force.
 */
export class Checkpoints {
  /** `run` is what decides the result: a checkpoint of another run in the same folder is refused. */
  constructor(
    private readonly folder: string,
    private readonly run: unknown,
  ) {}

  save(program: Program, progress: Progress): void {
    const state = program.read();
    const file = `state-${progress.step}.safetensors`;
    const tensors = Object.entries(state).map(
      ([name, values]) => [name, { shape: [values.length], values: () => values as Float32Array }] as const,
    );
    writeSafetensors(join(this.folder, file), Object.fromEntries(tensors));
    writeFileAtomic(join(this.folder, 'checkpoint.json'), JSON.stringify({ run: configHash(this.run), file, progress }));
    for (const old of readdirSync(this.folder))
      if (old.startsWith('state-') && old !== file) rmSync(join(this.folder, old), { force: true });
  }

  /** Puts the program in the saved state and returns the progress; undefined where there is no checkpoint. */
  restore(program: Program): Progress | undefined {
    const path = join(this.folder, 'checkpoint.json');
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

  /** Forgets the checkpoint, once the run is recorded. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
