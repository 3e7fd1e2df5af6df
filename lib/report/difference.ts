import type { RunRecord } from '../experiments/record';

/** One field in which two runs differ. `undefined` where a run does not have it. */
export interface Difference {
  field: string;
  first: unknown;
  second: unknown;
}

/** What differs between two runs: in what decides the result, in where and how it was made, and every metric of either. */
export interface RunDifference {
  experiment: Difference[];
  circumstances: Difference[];
  metrics: { name: string; first?: number; second?: number; change?: number }[];
  /** Whether both predicted the same rows, so that their difference may be paired. */
  sameRows: boolean;
}

/** Compares two records field by field. */
export function runDifference(first: RunRecord, second: RunRecord): RunDifference {
  const names = [...new Set([...Object.keys(first.metrics), ...Object.keys(second.metrics)])];
  const parts = ({ data, weights, code, environment, cost }: RunRecord): object => {
    const { name: _name, sha256: _sha256, ...sizes } = data;
    return { data: sizes, weights, code, environment, cost };
  };
  return {
    experiment: differences(first.experiment, second.experiment),
    circumstances: differences(parts(first), parts(second)),
    metrics: names.map((name) => {
      const [a, b] = [first.metrics[name], second.metrics[name]];
      return { name, first: a, second: b, change: a === undefined || b === undefined ? undefined : b - a };
    }),
    sameRows: first.predictions !== undefined && first.predictions.rows === second.predictions?.rows,
  };
}

/** The leaves in which two values differ, with their paths: `config.tricks.ema.decay`. */
export function differences(first: unknown, second: unknown, path = ''): Difference[] {
  const inner = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null;
  if (inner(first) && inner(second) && Array.isArray(first) === Array.isArray(second)) {
    const keys = [...new Set([...Object.keys(first), ...Object.keys(second)])];
    return keys.flatMap((key) => differences(first[key], second[key], path ? `${path}.${key}` : key));
  }
  return Object.is(first, second) ? [] : [{ field: path, first, second }];
}
