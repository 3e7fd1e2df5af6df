import type { PretrainConfig } from '../../pretrain/config';
import type { FinetuneConfig, Scale } from '../config';
import type { GradedConfig, GradedEncoder, Ranker, TuneConfig } from '../graded/config';
import type { RowRuns } from '../record';
import { withTasks } from './pretrained';
import type { FinetuneRow, FinetuneTable } from './row';

/** The judged rows that cross-encoders and some bi-encoders are trained on, and whose text pre-training reads as in Table 3. */
const ESCI_SAMPLE = { name: 'esci-sample', sha256: '151c8bb8122539fac8721da02becefa31d72229214bfedc64ee2c6260d9cebba' };

/** Table 3's pre-training rows. */
const PRETRAINING = [
  ['mlm', 'Mask LM', ['mlm']],
  ['p2q', 'Mask LM + Product2Query', ['mlm', 'product2query']],
  ['brand', 'Mask LM + Product2Query + Product2Brand', ['mlm', 'product2query', 'product2brand']],
  ['contrastive', 'all four tasks', ['mlm', 'product2query', 'product2brand', 'contrastive']],
  ['p2q-only', 'Product2Query alone', ['product2query']],
] as const;

/** Rates of gentle fine-tuning, and shares of the tuned weights: which is taken is decided on the training folds. */
const RATES = [1e-5, 2e-5];
const SHARES = [0, 0.25, 0.5, 1];

/**
 * Task 1 on a data set with human grades 0–3, by query folds: random order, BM25, the encoder's own cosine, cosine after each pre-training, cross-encoders,
 * bi-encoders, and combinations. No row's score of a query was fitted to that query's grades. No paper has this table.
 */
export function tableChorus(scale: Scale): FinetuneTable {
  const { start } = scale.base;
  const plain: GradedEncoder = { start, pretrain: null };
  const pretrained = (pretrain: PretrainConfig): GradedEncoder => ({ start, pretrain, text: 'judged' });
  const p2q = withTasks(scale, ['product2query']);
  const cosine: Ranker = { by: 'cosine', encoder: plain };
  const cosineP2q: Ranker = { by: 'cosine', encoder: pretrained(p2q) };
  const onCatalogue: Ranker = { by: 'cosine', encoder: { start, pretrain: { ...p2q, extra: [] }, text: 'catalogue' } };
  const cross = (on: 'judged' | 'folds', pretrain: PretrainConfig | null): Ranker => {
    const model: FinetuneConfig = { ...scale.base, task: 2, pretrain };
    return { by: 'cross-encoder', on, model };
  };
  const tune = (pairs: TuneConfig['pairs'], own: Partial<TuneConfig>): Ranker => {
    const settings = { loss: 'in-batch', learningRates: [2e-5], shares: [1], steps: 100, batch: 32, temperature: 0.05, precision: 'bf16' } as const; // prettier-ignore
    return { by: 'cosine', encoder: plain, tune: { pairs, ...settings, ...own } };
  };
  const bm25: Ranker = { by: 'bm25' };
  const esci = cross('judged', null);
  const esciP2q = cross('judged', p2q);
  const chorus = cross('folds', null);
  const chorusP2q = cross('folds', p2q);
  const pointwise = tune('folds', { loss: 'pointwise', temperature: 0.2, steps: 70 });
  const biEsci = tune('judged', {});
  const gentle = { learningRates: RATES, shares: SHARES };
  const cut = scale.pretrain.product2query!;

  const row = (id: string, label: string, ranker: Ranker, against = 'cosine'): FinetuneRow => ({
    id,
    label,
    patch: {},
    graded: configOf(ranker),
    against,
    ...(against === 'cosine' ? { also: ['bm25'] } : {}),
  });
  const configOf = (ranker: Ranker): GradedConfig => ({
    ranker,
    fields: ['title', 'brand'],
    maxLength: scale.base.text.maxLength,
    folds: scale.folds,
    judged: ESCI_SAMPLE,
  });
  return {
    id: 'chorus',
    title: 'Task 1 on chorus-electronics (graded 0–3; not ESCI)',
    source: { path: 'chorus-electronics' },
    base: { ...scale.base, task: 1 },
    metric: 'ndcg10',
    beside: ['chosenRate', 'chosenShare'],
    unit: 'fraction',
    higherIsBetter: true,
    wholeRuns: true,
    notes: [NOTE, TIES, FITTED],
    notesFrom,
    rows: [
      { ...row('random', 'Random order (expected)', { by: 'random' }), against: undefined, also: undefined },
      row('bm25', 'BM25, title and brand', bm25, 'random'),
      { ...row('cosine', 'Zero-shot cosine, all-MiniLM-L6-v2', cosine, 'bm25'), also: ['random'] },
      ...PRETRAINING.map(([id, label, tasks]) =>
        row(`cosine-${id}`, `Cosine after ${label}`, { by: 'cosine', encoder: pretrained(withTasks(scale, tasks)) }),
      ),
      row('cosine-catalogue', 'Cosine after Product2Query on the Chorus catalogue alone', onCatalogue),
      row('cross-esci', 'Cross-encoder on ESCI', esci),
      row('cross-esci-p2q', 'Cross-encoder on ESCI, after Product2Query', esciP2q),
      row('cross-chorus', 'Cross-encoder on Chorus folds', chorus),
      row('cross-chorus-p2q', 'Cross-encoder on Chorus folds, after Product2Query', chorusP2q),
      row('bi-esci', 'Bi-encoder on ESCI pairs, rate 2e-5', biEsci),
      row('bi-esci-gentle', 'Bi-encoder on ESCI pairs, rate and share chosen', tune('judged', gentle)),
      row('bi-pseudo', 'Bi-encoder on pseudo-queries, rate and share chosen', tune('pseudo', { ...gentle, cut })),
      row('bi-chorus', 'Bi-encoder on Chorus folds, rate 2e-5', tune('folds', { from: 2, steps: 60 })),
      row('bi-chorus-gentle', 'Bi-encoder on Chorus folds, share chosen', tune('folds', { from: 2, steps: 60, shares: SHARES })),
      row('bi-grades', 'Bi-encoder on Chorus folds, cosine learns grades', pointwise),
      row('weighted', 'Cosines, BM25, cross-encoders on ESCI; weights fitted on the training folds', {
        by: 'weighted',
        rounds: 20,
        members: [cosine, cosineP2q, onCatalogue, bm25, esci, esciP2q, biEsci],
      }),
      row('head', 'Head over the same and word overlap, fitted on the training folds', {
        by: 'head',
        c: 0.1,
        members: [cosine, cosineP2q, onCatalogue, bm25, esci, esciP2q, biEsci],
      }),
      row('ensemble-rank', 'Ensemble, mean of ranks: cosine and both cross-encoders on Chorus', {
        by: 'mean',
        of: 'ranks',
        members: [cosine, chorus, chorusP2q],
      }),
      row('ensemble-z', 'Ensemble, mean of z-scores: the same', {
        by: 'mean',
        of: 'z-scores',
        members: [cosine, chorus, chorusP2q],
      }),
      row('ensemble-all', 'Ensemble, mean of z-scores: the same and the bi-encoder that learns grades', {
        by: 'mean',
        of: 'z-scores',
        members: [cosine, chorus, chorusP2q, pointwise],
      }),
    ],
  };
}

const NOTE =
  'nDCG@10 with grades 0, 1, 2, 3 as linear gains over the judged rows of a query. In no paper, and not ESCI: a grade says how well a product serves the query, and ' +
  'absolute figures can only be compared with other rankers of these very rows.';
const TIES =
  'Equal scores earn the mean over all their orders (random order is that mean over every order, exactly). The file tends to list ' +
  'better products of a query first: ties in its order would flatter BM25.';
const FITTED =
  'Five folds by query: what is fitted to grades (cross- and bi-encoders "on Chorus folds", rates, shares, weights) ranks only queries of the fold that it did not see; a run covers ' +
  'all folds. On Chorus the classes of a cross-encoder are the grades and it ranks by the expected grade; on ESCI they are E, S, C, I and it ranks by the expected gain (1, .1, .01, 0). ' +
  "Equal weights see nothing; fitted weights and the head read only members that were not trained on grades. A share is that of the tuned weights, the rest being the encoder's own (0: untouched). " +
  'Rows without training are the same for every seed.';

/** What the runs say of their queries and ties. */
function notesFrom(rows: readonly RowRuns[]): string[] {
  const run = rows.find(({ row }) => row.id === 'bm25')?.runs[0];
  if (!run) return [];
  const { scoredQueries, ndcg10FileOrder, tiedQueries } = run.metrics;
  const grades = Object.entries(run.data.grades ?? {}).map(([grade, n]) => `${n} of grade ${grade}`);
  return [
    `${scoredQueries} of ${run.data.queries} queries have two or more judged rows and a positive grade, and count; ${run.data.rows} rows: ${grades.join(', ')}. ` +
      `BM25 ties in ${tiedQueries} queries: ${ndcg10FileOrder.toFixed(4)} in the order of the file.`,
  ];
}
