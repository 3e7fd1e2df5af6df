import { LABELS } from '../../data/types';
import type { Json, Predictions, RowRuns, RunRecord, Table, TableRow } from '../../experiments/record';
import { configHash, sha256 } from '../../runtime/hash';
import { Key } from '../../runtime/key';

/** What a simulated grid of runs is made of: every row of a table has a known true effect. */
export interface World {
  seeds: number;
  folds?: number;
  /** Queries a fold and rows a query. */
  queries?: number;
  perQuery?: number;
  /** The base's chance to be right. */
  accuracy?: number;
  /** The sd of a run's own luck (training noise), in the same units. */
  luck?: number;
  /** How much of the rows' luck two runs share (1 = a better model only turns wrong rows right). */
  shared?: number;
  name?: string;
  /** Record each row's true label, with this share of the given ones flipped. */
  noise?: number;
}

/** Predictions where a row is right when its own difficulty u < the model's skill; `shared` of a row's difficulty is common to all runs. */
export function simulatePredictions(world: World, skill: number, seed: number, fold: number, row: string): Predictions {
  const { queries = 211, perQuery = 7, shared = 0.8, noise } = world;
  const rows = queries * perQuery;
  const common = Key.from('world').fold(fold).random();
  const own = Key.from('own').fold(row, seed, fold).random();
  const probabilities = new Uint16Array(rows * 4);
  let given = '';
  let truth = '';
  let predicted = '';
  let locale = '';
  const query: number[] = [];
  for (let i = 0; i < rows; i++) {
    const answer = common.weighted([0.65, 0.22, 0.03, 0.1]);
    const flip = common.uniform() < (noise ?? 0) ? (answer + 1 + common.int(3)) % 4 : answer;
    const hard = common.uniform();
    const difficulty = own.uniform() < shared ? hard : own.uniform();
    const wrong = (answer + 1 + own.int(3)) % 4;
    const choice = difficulty < skill ? answer : wrong;
    given += LABELS[flip];
    truth += LABELS[answer];
    predicted += LABELS[choice];
    locale += 'uej'[Math.floor((3 * i) / rows)];
    query.push(Math.floor(i / perQuery));
    const top = Math.max(0.4, Math.min(0.97, 1 - 0.55 * difficulty));
    for (let k = 0; k < 4; k++) probabilities[i * 4 + k] = Math.floor(65535 * (k === choice ? top : (1 - top) / 3));
  }
  return {
    rows: sha256(`${world.name ?? 'generated'}:${fold}:${rows}`),
    given,
    ...(noise === undefined ? {} : { truth }),
    predicted,
    query,
    locale,
    probabilities: Buffer.from(probabilities.buffer).toString('base64'),
    classes: 4,
  };
}

/** A whole run record around simulated predictions. */
export function simulateRecord(world: World, skill: number, seed: number, fold: number, config: Json, row = 'base'): RunRecord {
  const luck = Key.from('luck').fold(row, seed, fold).random().normal() * (world.luck ?? 0.002);
  const predictions = simulatePredictions(world, skill + luck, seed, fold, row);
  const rows = predictions.given.length;
  let right = 0;
  for (let i = 0; i < rows; i++) if (predictions.given[i] === predictions.predicted[i]) right++;
  const name = world.name ?? 'generated';
  const experiment = {
    kind: 'classify',
    scale: 'demo',
    seed,
    fold,
    folds: world.folds ?? 1,
    data: { name, sha256: sha256(name) },
    config,
  };
  const labels = Object.fromEntries(LABELS.map((l) => [l, [...predictions.given].filter((g) => g === l).length]));
  return {
    schema: 1,
    id: configHash(experiment),
    experiment,
    data: {
      name,
      sha256: sha256(name),
      rows: rows * 5,
      queries: (world.queries ?? 211) * 5,
      labels: labels as RunRecord['data']['labels'],
      train: rows * 4,
      evaluation: rows,
    },
    code: { version: '0.1.0', commit: '0123456789abcdef0123456789abcdef01234567', dirty: false },
    environment: {
      node: '20.20.0',
      tensorflow: '2.21.0',
      platform: 'linux x64',
      cpu: 'two cores',
      device: 'cpu',
      intraThreads: 1,
      interThreads: 1,
      precision: 'float32',
    },
    cost: {
      wallSeconds: 61,
      steps: 300,
      stepMilliseconds: 43 + 4 * row.length,
      tokensPerSecond: 47000,
      paddingShare: 0.07,
      peakMemoryBytes: 7e8,
    },
    curves: {
      loss: Array.from({ length: 31 }, (_, i): [number, number] => [
        i * 10,
        1.35 * Math.exp(-i / 9) + 0.55 + 0.01 * ((seed * 7 + i * 3) % 5),
      ]),
    },
    metrics: { microF1: right / rows },
    checks: [{ name: 'dropout on', ok: true, detail: 'two passes differ' }],
    predictions,
  };
}

/** A row of a simulated table: its true effect on accuracy against the base, and what the paper is made to say. */
export interface SimulatedRow {
  id: string;
  effect: number;
  paperChange?: number;
  label?: string;
  against?: string;
}

/** A table (base and rows) whose true effects are known, with all of its runs. */
export function simulateTable(world: World, effects: readonly SimulatedRow[]): { table: Table; rowRuns: RowRuns[] } {
  const accuracy = world.accuracy ?? 0.72;
  const base: TableRow = { id: 'base', label: 'Base', patch: {}, paper: { value: 0.7508, source: 'Table 3, row 4' } };
  const rows: TableRow[] = effects.map((e, i) => ({
    id: e.id,
    label: e.label ?? `+ ${e.id}`,
    patch: { trick: e.id },
    against: e.against ?? 'base',
    ...(e.paperChange === undefined
      ? {}
      : { paper: { value: 0.7508 + e.paperChange, change: e.paperChange, source: `Table 5, row ${i + 1}` } }),
  }));
  const table: Table = {
    id: '5',
    title: 'Training strategies',
    metric: 'microF1',
    beside: [],
    unit: 'percent',
    higherIsBetter: true,
    stepTime: true,
    notes: [],
    rows: [base, ...rows],
  };
  const grid = (row: string, effect: number, config: Json): RunRecord[] =>
    Array.from({ length: world.seeds }, (_, s) =>
      Array.from({ length: world.folds ?? 1 }, (_, f) => simulateRecord(world, accuracy + effect, 101 + s, f, config, row)),
    ).flat();
  return {
    table,
    rowRuns: [
      { row: base, runs: grid('base', 0, {}) },
      ...effects.map((e, i) => ({ row: rows[i], runs: grid(e.id, e.effect, { trick: e.id }) })),
    ],
  };
}
