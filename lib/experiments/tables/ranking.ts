import type { PretrainTask } from '../../pretrain/config';
import type { NetworkConfig } from '../../ranking/multitask/config';
import { SIGNALS, type Signal } from '../../ranking/types';
import type { DataSource, Scale } from '../config';
import type { EngagementConfig, NetworkRanker, RankerConfig, RankingConfig } from '../ranking/config';
import { SHOP, SHORTEST } from '../ranking/data';
import type { RowRuns } from '../record';
import { withTasks } from './pretrained';
import type { FinetuneRow, FinetuneTable } from './row';

const SOURCE = 'abstract';

/** What a scale spends on a row: impressions of the logs, updates, pre-training. */
interface Size {
  train: number;
  test: number;
  steps: number;
  adapt: number;
  width: number;
}
const SIZES: Partial<Record<Scale['name'], Size>> & { demo: Size } = {
  smoke: { train: 6_000, test: 4_000, steps: 24, adapt: 16, width: 16 },
  demo: { train: 200_000, test: 40_000, steps: 500, adapt: 1_000, width: 64 },
  small: { train: 800_000, test: 200_000, steps: 2_000, adapt: 2_000, width: 64 },
  minilm: { train: 100_000, test: 60_000, steps: 160, adapt: 300, width: 128 },
};

/** The network that rows are patches of: a cross-encoder, a mixture of experts with a gate a task, three towers, position beside them. */
const NETWORK: NetworkConfig = {
  tasks: SIGNALS,
  sharing: 'mmoe',
  experts: 4,
  taskExperts: 1,
  layers: 2,
  expertWidth: 64,
  towerWidth: 32,
  transfer: 'none',
  calibrator: 0.6,
  position: 'additive',
  features: ['price', 'popularity'],
  pooling: 'cls',
  dropout: 0.1,
  weighting: 'fixed',
  taskWeights: { click: 1, cart: 1, purchase: 1 },
};

const scratch = (scale: Scale): boolean => scale.base.start.from === 'scratch';

function networkRanker(scale: Scale, size: Size): NetworkRanker {
  const { start, text, optimiser, head, precision } = scale.base;
  return {
    by: 'network',
    start,
    pretrain: adaptation(scale, size, ['mlm', 'product2query']),
    text,
    network: { ...NETWORK, expertWidth: size.width, pooling: head.pooling },
    trainEncoder: true,
    optimiser: { ...optimiser, ...(scratch(scale) ? { learningRate: 4e-4 } : {}), positionFactor: scratch(scale) ? 30 : 60 },
    impressions: 16,
    length: { steps: size.steps },
    precision,
  };
}

/** Pre-training on the catalogue: what makes an encoder one of this domain. */
function adaptation(scale: Scale, size: Size, tasks: readonly PretrainTask[]): NetworkRanker['pretrain'] {
  const { extra: _, ...own } = withTasks(scale, tasks);
  return { ...own, steps: size.adapt };
}

/**
 * The second paper's table (Wu et al. 2022): rankers learned from clicks, carts and purchases. Its engagement logs are private, so that these are simulated on judged
 * lists by a click model whose truth is known.
 */
export function tableRanking(scale: Scale): FinetuneTable {
  const size = SIZES[scale.name] ?? SIZES.demo;
  const engagement: EngagementConfig = {
    train: size.train,
    test: size.test,
    click: {},
    simulation: {},
    fillTo: 0,
    testShare: 0.4,
  };
  const model = networkRanker(scale, size);
  const of = (network: Partial<NetworkConfig>, more: Partial<NetworkRanker> = {}): NetworkRanker => ({
    ...model,
    ...more,
    network: { ...model.network, ...network },
  });
  const alone = (task: Signal): NetworkRanker => of({ tasks: [task], sharing: 'single' });
  const each: RankerConfig = { by: 'each', members: { click: alone('click'), cart: alone('cart'), purchase: alone('purchase') } };
  const esmm = of({ transfer: 'esmm' });
  const { fields } = model.text;
  const { start, pretrain, text, precision } = model;
  const shared = { start, pretrain, text, precision };
  const bi: RankerConfig = {
    by: 'bi-encoder',
    pooling: model.network.pooling,
    ...shared,
    steps: size.steps,
    batch: 32,
    learningRate: scratch(scale) ? 4e-4 : 5e-5,
  };
  const row = (
    id: string,
    label: string,
    ranker: RankerConfig,
    more: Partial<FinetuneRow> = {},
    own = engagement,
  ): FinetuneRow => ({
    id,
    label,
    patch: {},
    ranking: { engagement: own, ranker } satisfies RankingConfig,
    ...more,
  });
  const claim = (what: string): Pick<FinetuneRow, 'paper'> => ({ paper: { claim: what, source: SOURCE } });
  const rarer = (times: number): EngagementConfig => ({
    ...engagement,
    click: { ...engagement.click, purchaseRate: 0.01 / times },
  });
  const sparse = (times: number): FinetuneRow[] => [
    row(`sparse${times}-alone`, `Purchases ${times}× rarer: alone`, alone('purchase'), {}, rarer(times)),
    row(`sparse${times}`, `Purchases ${times}× rarer: multi-task`, esmm, { against: `sparse${times}-alone`, ...claim('multi-task learning handles sparse purchases') }, rarer(times)), // prettier-ignore
  ];
  const general = of({ transfer: 'esmm' }, { pretrain: null });
  const unadapted = scratch(scale) ? 'not adapted (from scratch)' : 'general encoder';
  const gap = 'ndcgRelevanceGap';
  return {
    id: 'ranking',
    title: 'Product ranking: multi-task BERT on clicks, carts and purchases',
    base: { ...scale.base, pretrain: model.pretrain },
    ...(scratch(scale) ? { source: generatedShop(scale) } : { source: { path: 'chorus-electronics' } }),
    metric: 'trueNdcgPurchase',
    beside: BESIDE,
    unit: 'fraction',
    higherIsBetter: true,
    notes: [
      'The paper reports no figure that could be read, only claims; absolute figures cannot be compared. Its logs are private: these are simulated by a click model with known truth on lists of judged products.',
      "nDCG@10 with the true probability of the signal as gain (given that the product is looked at), MRR@10 by the signals of a held-out log in random order, relevance by the judged grade. Position is switched off when ranking. AUC and ECE are over that log's impressions: rows with a probability at each position (networks with a position tower, the logistic regression) know where a product was shown, which alone tells much; the others' AUC is of their score.",
      'BM25, K-NRM and the bi-encoder read text alone. The networks and the logistic regression also read price and popularity, from which the simulated clicks, carts and purchases are drawn as well: part of what they are ahead is that.',
      `Domain-adapted: Mask LM and Product2Query on the catalogue, ${size.adapt} updates; ${scratch(scale) ? 'the encoder that is not adapted starts from scratch, for no general one is this small' : 'the general encoder is used as it comes'}.`,
      "Single-task: each signal is ranked by a network of its own, true relevance by that of clicks. Claims are tested on MMoE + ESMM: nDCG@10 of purchases where none is named, of relevance on gap queries for the gap; rarer purchases against the purchase model alone. Gap queries: at least half of the words stand in none of the relevant products' text.",
    ],
    notesFrom: (rows) => [...filledNote(rows), ...rankingNotes(rows)],
    rows: [
      row('bm25', 'BM25', { by: 'bm25', fields }),
      row('linear', 'BM25, price, popularity (logistic)', { by: 'linear', fields, features: NETWORK.features }),
      row('knrm', 'K-NRM (clicks)', { by: 'knrm', fields, steps: size.steps }),
      row('bi-encoder', 'Bi-encoder (clicks)', bi),
      row('click', 'Cross-encoder, clicks alone', alone('click')),
      row('cart', 'Cross-encoder, carts alone', alone('cart')),
      row('purchase', 'Cross-encoder, purchases alone', alone('purchase')),
      row('single', 'Single-task, a model a signal', each),
      row('shared-bottom', 'Shared bottom', of({ sharing: 'shared-bottom' }), {
        against: 'single',
        ...claim('multi-task beats single-objective'),
      }),
      row('mmoe', 'MMoE', of({}), { against: 'shared-bottom' }),
      row('ple', 'PLE', of({ sharing: 'ple', experts: 2 }), { against: 'mmoe' }),
      row('esmm', 'MMoE + ESMM', esmm, { against: 'mmoe' }),
      row('aitm', 'MMoE + AITM', of({ transfer: 'aitm' }), { against: 'mmoe' }),
      row('uncertainty', 'MMoE + ESMM, uncertainty weights', of({ transfer: 'esmm', weighting: 'uncertainty' }), {
        against: 'esmm',
      }),
      row('no-position', 'MMoE + ESMM, no position tower', of({ transfer: 'esmm', position: 'none' }), { against: 'esmm' }),
      row('pal', 'MMoE + ESMM, position as a factor (PAL)', of({ transfer: 'esmm', position: 'multiplicative' }), {
        against: 'esmm',
        group: 'more',
      }),
      row('frozen', 'MMoE + ESMM, encoder frozen', of({ transfer: 'esmm' }, { trainEncoder: false })),
      row('general', `MMoE + ESMM, ${unadapted}`, general),
      row(
        'mlm',
        'MMoE + ESMM, adapted by Mask LM alone',
        of({ transfer: 'esmm' }, { pretrain: adaptation(scale, size, ['mlm']) }),
        { against: 'general', group: 'more' },
      ),
      ...SIGNALS.map((signal) => row(`claim-${signal}`, `Claim: multi-task helps ${signal}s`, esmm, { against: 'single', metric: `trueNdcg${title(signal)}`, ...claim('multi-task beats single-objective') })), // prettier-ignore
      ...Object.entries(BASELINES).map(([id, name]) => row(`claim-${id}`, `Claim: multi-task beats ${name}`, esmm, { against: id, ...claim('beats the state of the art') })), // prettier-ignore
      row('claim-adapted', 'Claim: domain adaptation helps', esmm, {
        against: 'general',
        ...claim('a domain-specific BERT is better'),
      }),
      row('claim-end-to-end', 'Claim: end to end beats frozen', esmm, {
        against: 'frozen',
        ...claim('one network, end to end'),
      }),
      row('claim-gap', 'Claim: adaptation closes the gap', esmm, {
        against: 'general',
        metric: gap,
        ...claim('closes the vocabulary gap'),
      }),
      row('claim-gap-bm25', 'Claim: fine-tuning closes the gap', esmm, {
        against: 'bm25',
        metric: gap,
        ...claim('closes the vocabulary gap'),
      }),
      ...sparse(4),
      ...sparse(16),
    ],
  };
}

/** The rankers that the paper's claim of the state of the art is tested against. */
const BASELINES = {
  bm25: 'BM25',
  linear: 'BM25 with price and popularity',
  knrm: 'K-NRM',
  'bi-encoder': 'the bi-encoder',
};

const title = (name: string): string => name[0].toUpperCase() + name.slice(1);

const BESIDE = [
  ...['Click', 'Cart'].map((signal) => `trueNdcg${signal}`),
  'ndcgRelevance',
  'ndcgRelevanceGap',
  ...['Click', 'Cart', 'Purchase', 'Relevance'].map((task) => `mrr${task}`),
  ...['Click', 'Cart', 'Purchase'].map((signal) => `auc${signal}`),
  ...['Click', 'Cart', 'Purchase'].map((signal) => `ece${signal}`),
  'examinationError',
  'examinationErrorEm',
  'examinationErrorNaive',
];

function generatedShop(scale: Scale): DataSource {
  const generated = 'generated' in scale.data ? scale.data.generated : 'demo';
  return { generated, options: SHOP };
}

/** Real judgements' lists are too short for a page of results. */
function filledNote(rows: readonly RowRuns[]): string[] {
  const real = rows.flatMap(({ runs }) => runs).some(({ data }) => !data.name.startsWith('generated'));
  return real
    ? [
        `Lists of fewer than ${SHORTEST} judged products were filled up to ${SHORTEST} with products that were judged for other queries (grade 0).`,
      ]
    : [];
}

/** How the gain of multi-task learning on purchases moves as they get rarer. */
function rankingNotes(rows: readonly RowRuns[]): string[] {
  const mean = (id: string): number | undefined => {
    const values = rows.find(({ row }) => row.id === id)?.runs.map((run) => run.metrics.trueNdcgPurchase) ?? [];
    return values.length ? values.reduce((a, b) => a + b, 0) / values.length : undefined;
  };
  const gains = (
    [
      ['as they are', 'esmm', 'purchase'],
      ['4× rarer', 'sparse4', 'sparse4-alone'],
      ['16× rarer', 'sparse16', 'sparse16-alone'],
    ] as const
  ).flatMap(([name, multi, single]) => {
    const [a, b] = [mean(multi), mean(single)];
    return a === undefined || b === undefined ? [] : [`${name} ${b.toFixed(4)} → ${a.toFixed(4)}`];
  });
  return gains.length > 1 ? [`Purchases, purchase model alone → multi-task: ${gains.join('; ')}.`] : [];
}
