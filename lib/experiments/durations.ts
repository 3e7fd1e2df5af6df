import { canonicalJson } from '../runtime/hash';
import { rowsOf, runFlops } from './cost';
import type { Cell } from './plan';
import { encoderKey } from './pretrained-start';
import type { RunRecord } from './record';

/** How long a run is expected to take, and how that is known. */
export interface Duration {
  seconds: number;
  /** `row`: the mean of this row's records. `scale`: scaled by operations from other rows' records. `arithmetic`: operations over an assumed speed. */
  from: 'row' | 'scale' | 'arithmetic';
}

/** Speeds assumed where there is no record. */
export interface Speed {
  /** Operations a second that training reaches, by precision. */
  f32: number;
  bf16: number;
}

/**
 * Durations of the runs of a plan. Each pre-training counts once, with the first run that starts from it; one that a finished run started from is there. Undefined
 * for a run that trains no network and whose row has no record.
 */
export async function durations(
  runs: readonly { cell: Cell; record?: RunRecord }[],
  speed: Speed,
): Promise<(Duration | undefined)[]> {
  const taken = new Map<string, number[]>();
  for (const { cell, record } of runs) {
    const row = `${cell.table} ${cell.row}`;
    if (record) taken.set(row, [...(taken.get(row) ?? []), record.cost.wallSeconds]);
  }
  const counted = new Map<string, number>();
  const pretrained = new Set<string | undefined>();
  const flops: (ReturnType<typeof runFlops> & object)[] = [];
  for (const [i, { cell }] of runs.entries()) {
    const { experiment } = cell;
    if (experiment.kind !== 'finetune' && experiment.kind !== 'out-of-fold') continue;
    const key = canonicalJson([experiment.source, 'generated' in experiment.source ? 0 : null, experiment.config.task]);
    if (!counted.has(key)) counted.set(key, await rowsOf(experiment));
    const own = runFlops(experiment, counted.get(key)!);
    if (own) flops[i] = own;
  }
  const known = runs.flatMap(({ record }, i) =>
    record && flops[i] ? [{ seconds: record.cost.wallSeconds, flops: flops[i].finetune }] : [],
  );
  const rate = known.length
    ? known.reduce((sum, k) => sum + k.seconds, 0) / known.reduce((sum, k) => sum + k.flops, 0)
    : undefined;
  for (const { cell, record } of runs) if (record) pretrained.add(encoderKey(cell.experiment));
  return runs.map(({ cell }, i) => {
    const own = taken.get(`${cell.table} ${cell.row}`);
    if (own) return { seconds: own.reduce((a, b) => a + b, 0) / own.length, from: 'row' };
    if (!flops[i]) return undefined;
    const { config } = cell.experiment as Extract<Cell['experiment'], { kind: 'finetune' }>;
    const encoder = encoderKey(cell.experiment);
    const before = pretrained.has(encoder) ? 0 : flops[i].pretrain;
    pretrained.add(encoder);
    if (rate !== undefined) return { seconds: (before + flops[i].finetune) * rate, from: 'scale' };
    const first = before ? before / speed[config.pretrain!.precision] : 0;
    return { seconds: first + flops[i].finetune / speed[config.precision], from: 'arithmetic' };
  });
}
