import type { ProductField } from '../../text';
import type { PretrainConfig } from '../../pretrain/config';
import { RANKING_LOSSES, type RankingLoss } from '../../finetune/ranking-losses';
import { applyPatch } from '../patch';
import type { FinetuneConfig, Scale } from '../config';
import type { Combine } from '../ensemble-run';
import { scaleNote, tablePretraining, withTasks } from './pretrained';
import type { FinetuneRow, FinetuneTable } from './row';
import { table5 } from './table5';
import { table7 } from './table7';

/** The six members for task 1, which differ in what they read, how they start and what they minimise. */
const MEMBERS = ['poly1', 'ce-fields', 'pretrain', 'tricks', 'mse', 'mse-fields'];

const LOSS_LABELS: Record<RankingLoss, string> = {
  ranknet: 'one score, RankNet (pairs of a query)',
  listnet: 'one score, ListNet (lists)',
  lambdarank: 'one score, LambdaRank (pairs by what a swap is worth)',
};

/**
 * Table 2: the three tasks as they were entered. Task 1: six members (four classifiers, two regressors), E[gain] of the mean classifier + mean regressor,
 * and three other ways to combine them; three ranking losses, which are no members; tasks 2 and 3: one model each, the same as in Tables 5 and 7.
 */
export function table2(scale: Scale): FinetuneTable {
  // The smallest generated data have one judged query of task 1 in a fold: no other to learn weights from.
  const weighted = scale.name !== 'smoke';
  const base: FinetuneConfig = { ...scale.base, task: 1, pretrain: tablePretraining(scale) };
  const fields = otherFields(scale.base.text.fields);
  const mse = { loss: { kind: 'mse' } } as const;
  const ndcg = { metric: 'ndcg' } as const;
  const member = (id: string, label: string, patch: FinetuneRow['patch']): FinetuneRow => ({
    id,
    label: `Task 1, ${label}`,
    patch,
    ...ndcg,
  });
  const ensemble = (id: Combine, label: string, more: Partial<FinetuneRow> = {}): FinetuneRow => ({
    id: id === 'gain' ? 'ensemble' : `ensemble-${id}`,
    label: `Task 1, ${label}`,
    patch: {},
    ensemble: { of: MEMBERS, combine: id },
    againstBest: MEMBERS,
    ...ndcg,
    ...more,
  });
  return {
    id: '2',
    title: 'Table 2: the three tasks',
    base,
    metric: 'taskMetric',
    beside: ['ndcgRandom', 'ndcgMeanMember', 'ndcgBestMember', 'memberCorrelation', 'macroF1', 'majorityShare'],
    unit: 'fraction',
    higherIsBetter: true,
    notes: [
      scaleNote(scale),
      "The paper's figures are from the private leaderboard; ours are from held-out folds of the public rows, split by query, so the two columns are not of the same rows.",
      'nDCG of random order on the same lists stands beside: with few products a query it is high, so read differences. Equal scores are averaged; a query without gain scores 0.',
      ...(weighted
        ? ['Weights by cross-validation: the queries are cut in five, and each fifth is scored with weights learnt on the other four; no query sees its own judgements.'] // prettier-ignore
        : []),
      'The best member is chosen by these very runs, which flatters it: the gain of the ensemble over it is, if anything, too small.',
      'Tasks 2 and 3 are single models: all strategies of Table 5, and tri-gram bags from word2vec as in Table 7.',
    ],
    rows: [
      member('poly1', 'classifier, Poly-1', { loss: { kind: 'poly1' } }),
      member('ce-fields', `classifier, cross-entropy, ${fields.join(' + ')}`, { loss: { kind: 'ce' }, text: { fields } }),
      member('pretrain', 'classifier, other pre-training', { pretrain: otherPretraining(scale) }),
      member('tricks', 'classifier, all strategies', { tricks: scale.tricks }),
      member('mse', 'regressor', mse),
      member('mse-fields', `regressor, ${fields.join(' + ')}`, { ...mse, text: { fields } }),
      ...RANKING_LOSSES.map((kind) => ({ ...member(kind, LOSS_LABELS[kind], { loss: { kind } }), against: 'mse' })),
      ensemble('gain', 'ensemble, E[gain] of mean classifier + mean regressor', {
        paper: { value: 0.9025, source: 'Table 2, task 1' },
      }),
      ensemble('mean', 'ensemble, mean of scores'),
      ensemble('rank', 'ensemble, mean of ranks'),
      ...(weighted ? [ensemble('cross-validated', 'ensemble, weights by cross-validation')] : []),
      single(2, 'all strategies', 0.8194, rowOf(table5(scale), 'mixup'), base),
      single(3, 'tri-gram bags from word2vec', 0.8686, rowOf(table7(scale), 'word2vec'), base),
    ],
  };
}

/** The whole configuration of a row of another table. */
function rowOf({ base, rows }: FinetuneTable, id: string): FinetuneConfig {
  return applyPatch<FinetuneConfig>(base, rows.find((row) => row.id === id)!.patch);
}

/** A single model that is another table's too: the patch is all that differs from this table's base. */
function single(task: 2 | 3, label: string, value: number, config: FinetuneConfig, base: FinetuneConfig): FinetuneRow {
  const entries = Object.entries(config).filter(([name, v]) => v !== base[name as keyof FinetuneConfig]);
  return {
    id: `task${task}`,
    label: `Task ${task}, ${label}`,
    patch: Object.fromEntries(entries),
    metric: 'microF1',
    paper: { value, source: `Table 2, task ${task}` },
  };
}

/** Without colour, where more than the title is left; else the title with what a product page says next. */
function otherFields(fields: readonly ProductField[]): readonly ProductField[] {
  const less = fields.filter((field) => field !== 'color' && field !== 'description');
  return less.length < fields.length && less.length > 1 ? less : ['title'];
}

/** Pre-training that differs from the tables' own: its tasks one fewer, or none where it has one. */
function otherPretraining(scale: Scale): PretrainConfig | null {
  const own = tablePretraining(scale);
  return !own || own.mlm ? withTasks(scale, ['product2query']) : null;
}
