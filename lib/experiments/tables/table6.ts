import type { Scale } from '../config';
import type { RowRuns, RunRecord } from '../record';
import { BESIDE, scaleNote, startNote, tablePretraining } from './pretrained';
import type { FinetuneRow, FinetuneTable } from './row';

const PAPER = {
  1: { change: 0.005, source: 'Table 6, row 1' },
  2: { change: -0.003, source: 'Table 6, row 2' },
  3: { change: -0.002, source: 'Table 6, row 3' },
} as const;

/** The paper's cut: 82,761 of 2,069,039 rows. */
const FRACTION = 0.04;
const SWEEP = [0.02, 0.06, 0.08, 0.1, 0.12];

const CLEAN = {
  method: 'prune',
  fraction: FRACTION,
  filterBy: 'prune_by_noise_rate',
  rankBy: 'normalized_margin',
  folds: 5,
} as const;

/**
 * Table 6: rows whose labels are probably wrong are removed from the training part; the rows measured on stay as they are. Beside the paper's cut stand a
 * soft-weight variant, a cut within each class, and the removal of exactly the flipped rows, which no cut can beat. A sweep over fractions runs at `small`, and elsewhere on request.
 */
export function table6(scale: Scale): FinetuneTable {
  const rowsOf = (task: 1 | 2 | 3): FinetuneRow[] => {
    const metric = task === 1 ? 'ndcg' : 'microF1';
    const name = `Task ${task} (${task === 1 ? 'nDCG' : 'micro-F1'})`;
    const base = `task${task}`;
    const row = (
      id: string,
      label: string,
      clean: Partial<FinetuneRow['clean']>,
      more: Partial<FinetuneRow> = {},
    ): FinetuneRow => ({
      id: `${base}-${id}`,
      label: `${name}, ${label}`,
      patch: { task },
      clean: { ...CLEAN, ...clean },
      against: base,
      metric,
      ...more,
    });
    const percent = (fraction: number): string => `−${Math.round(100 * fraction)} %`;
    const others = [
      row('weights', 'weighted by label quality', { method: 'weights' }),
      row('balanced', `${percent(FRACTION)} of each class`, { method: 'balanced' }),
    ];
    const onRequest = scale.name === 'small' ? {} : { group: 'sweep' };
    const sweep = SWEEP.map((fraction) => row(`prune${Math.round(100 * fraction)}`, percent(fraction), { fraction }, onRequest));
    return [
      { id: base, label: `${name}, all rows`, patch: { task }, metric },
      row('prune', percent(FRACTION), {}, { paper: PAPER[task] }),
      ...(task === 2 ? [...others, ...sweep] : []),
      row('oracle', 'without the flipped rows', { method: 'oracle' }, { truth: true }),
    ];
  };
  return {
    id: '6',
    title: 'Table 6: confident learning',
    base: { ...scale.base, task: 2, pretrain: tablePretraining(scale) },
    metric: 'taskMetric',
    beside: [
      'precisionOfRemoved',
      'recallOfRemoved',
      'flippedShare',
      'noiseAuc',
      'removedShare',
      ...SHARES,
      ...BESIDE,
      'trueMicroF1',
      'majorityShare',
    ],
    unit: 'fraction',
    higherIsBetter: true,
    stepTime: true,
    notes: [
      scaleNote(scale),
      startNote(scale),
      'Out-of-fold probabilities come from five task 2 models, each trained without one fifth of the training queries; tasks 1 and 3 share them, task 3 with substitute against the sum of the others. Rows measured on are never filtered.',
    ],
    notesFrom: (rows) => [...truthNotes(rows), ...healthNotes(rows)],
    rows: [...rowsOf(1), ...rowsOf(2), ...rowsOf(3)],
  };
}

const SHARES = ['E', 'S', 'C', 'I', 'Other'].map((letter) => `removedShare${letter}`);

/** How to read what only generated data know; on real data, that nobody knows it. */
function truthNotes(rows: readonly RowRuns[]): string[] {
  const runs = rows.flatMap((row) => row.runs);
  if (runs.length && !runs.some(({ data }) => data.name.startsWith('generated')))
    return [
      'Nobody knows which of these labels are wrong: read what a cut removes of each class, and the change. How many of the removed rows are flipped ones is measured on generated data.',
    ];
  return [
    "Read precision and recall first: how many of the removed rows have flipped labels, how many of the flipped rows were removed (known because the data are generated). A random cut's precision is the flipped share, its recall the removed share.",
    'Without the flipped rows: what a filter without mistakes would remove; none can find more. Where its interval holds 0, no cleaning can be seen to help with so many runs.',
  ];
}

/** What confident learning says of the labels, from the records of task 2's cut. It tells where model and label disagree: which of them is wrong, nobody knows of real data. */
function healthNotes(rows: readonly RowRuns[]): string[] {
  const runs = rows.find(({ row }) => row.id === 'task2-prune')?.runs ?? [];
  if (!runs.length) return [];
  const mean = (name: string): number =>
    runs.reduce((sum: number, run: RunRecord) => sum + (run.metrics[name] ?? 0), 0) / runs.length;
  const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
  const noise = ['E', 'S', 'C', 'I'].map((letter) => `${letter} ${percent(mean(`labelNoise${letter}`))}`).join(', ');
  return [
    `Given labels that the out-of-fold models doubt (task 2): ${percent(1 - mean('labelHealth'))} of all; by given class ${noise}; ` +
      `${percent(mean('issueShare'))} of rows are flagged before the cut. It may be the model that is wrong: one that never finds a rare class doubts all its labels.`,
  ];
}
