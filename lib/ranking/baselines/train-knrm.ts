import { ADAMW_FEEDS, adamScalars, adamW, adamWState, Program, type FeedSpecs } from '../../graph';
import { initialise } from '../../encoder';
import { words } from '../../metrics/bm25';
import { valueAndGradients } from '../../ops/gradients';
import { ensure, inRange } from '../../runtime/errors';
import { Key } from '../../runtime/key';
import { tf } from '../../runtime/tensorflow';
import { word2vec, type ProductField } from '../../text';
import { train } from '../../train/loop';
import { clickPreferences } from '../preferences';
import type { LogColumns, RankingData } from '../types';
import { hingeLoss, knrm, KNRM_WORDS, knrmParams } from './knrm';
import { plainText } from './lexical';

export interface KnrmOptions {
  fields: readonly ProductField[];
  /** Updates, and preferences of an update. Defaults 600, 32. */
  steps?: number;
  batch?: number;
  /** Adam's rate, without decay; default 1e-3 as in the paper. */
  learningRate?: number;
  /** D of the word vectors; default 50. */
  dimensions?: number;
  /** Words are cut to so many. Defaults 10, 40. */
  queryWords?: number;
  productWords?: number;
  /** Words rarer than this in the products' texts and training queries are left out; default 2. */
  leastCount?: number;
  /** One product is preferred to another where its attractiveness is higher by so much; default 0.1. */
  margin?: number;
  /** Default 0. */
  seed?: number;
  onStep?: (step: number, loss: number) => void;
  stopped?: () => boolean;
}

export interface KnrmResult {
  /** [pairs] in (−1, 1); every pair of the data, also those of held-out queries. */
  scores: Float64Array;
  losses: [number, number][];
  vocabulary: number;
  steps: number;
}

const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };

/**
 * Trains K-NRM on a log's preferences (`clickPreferences`, pairwise hinge) and scores every pair. Word vectors start from word2vec over the products' texts and the training
 * queries, and are trained with the rest; nothing of held-out queries is read but the words that are known already. Throws an InputError for an option out of range
 * and a log without preferences.
 */
export async function scoreByKnrm(data: RankingData, log: LogColumns, options: KnrmOptions): Promise<KnrmResult> {
  const full = {
    steps: 600,
    batch: 32,
    learningRate: 1e-3,
    dimensions: 50,
    queryWords: 10,
    productWords: 40,
    leastCount: 2,
    margin: 0.1,
    seed: 0,
    ...options,
  };
  const { steps, batch, dimensions, queryWords, productWords } = full;
  for (const name of ['steps', 'batch', 'dimensions', 'queryWords', 'productWords', 'leastCount'] as const)
    inRange(name, full[name], 1, 1e7);
  inRange('learningRate', full.learningRate, 0, 10);
  const key = Key.from('knrm').fold(full.seed);
  const { better, worse } = clickPreferences(data, log, full.margin);
  const texts = data.products.map((product) => words(plainText(product, full.fields)));
  const asked = data.queries.map(({ query }) => words(query));
  const seen = new Set(Array.from(log.pair, (pair) => data.pairs[pair].query));
  const learned = asked.filter((_, q) => seen.has(q));
  const ids = vocabularyOf([...texts, ...learned], full.leastCount);
  ensure(ids.size > 0, 'no word of the products and queries is frequent enough for K-NRM');
  const encode = (text: readonly string[], length: number): Int32Array => {
    const row = new Int32Array(length);
    text.flatMap((word) => ids.get(word) ?? []).slice(0, length).forEach((id, i) => (row[i] = id)); // prettier-ignore
    return row;
  };
  const queries = asked.map((text) => encode(text, queryWords));
  const products = texts.map((text) => encode(text, productWords));

  const specs = knrmParams(ids.size + 1, dimensions);
  const names = Object.keys(specs);
  const read = (state: { read: (name: string) => tf.Tensor }) =>
    Object.fromEntries(names.map((name) => [name, state.read(name)]));
  const side = { shape: [batch, productWords], dtype: 'int32' } as const;
  const asks = { shape: [batch, queryWords], dtype: 'int32' } as const;
  const training: FeedSpecs = { queries: asks, better: side, worse: side, ...ADAMW_FEEDS };
  const program = new Program(
    { ...specs, ...adamWState(specs) },
    {
      train: {
        step: (state, feeds) => {
          const loss = (p: Readonly<Record<string, tf.Tensor>>) =>
            hingeLoss(knrm(p, feeds.queries, feeds.better), knrm(p, feeds.queries, feeds.worse));
          const { value, gradients } = valueAndGradients(loss, read(state));
          adamW(state, gradients, feeds, ADAM);
          return { loss: value };
        },
        buckets: { all: training },
      },
      score: {
        step: (state, feeds) => ({ scores: knrm(read(state), feeds.queries, feeds.products) }),
        buckets: { all: { queries: asks, products: side } },
      },
    },
  );
  try {
    const vectors = word2vec([...texts, ...learned].map((text) => Int32Array.from(text.flatMap((word) => ids.get(word) ?? []))), { size: ids.size + 1, dimensions, key: key.fold('words') }); // prettier-ignore
    program.write({ ...initialise(specs, key.fold('start')), [KNRM_WORDS]: vectors }, 'zero');
    const gather = (rows: readonly Int32Array[], chosen: ArrayLike<number>, width: number): Int32Array => {
      const out = new Int32Array(batch * width);
      for (let i = 0; i < chosen.length; i++) out.set(rows[chosen[i]], i * width);
      return out;
    };
    const result = await train({
      program,
      steps,
      accumulation: 1,
      batch: (i) => {
        const random = key.fold('step', i).random();
        const chosen = Array.from({ length: batch }, () => random.int(better.length));
        const of = (side: Int32Array) => gather(products, chosen.map((c) => data.pairs[side[c]].product), productWords); // prettier-ignore
        const feeds = { queries: gather(queries, chosen.map((c) => data.pairs[better[c]].query), queryWords), better: of(better), worse: of(worse) }; // prettier-ignore
        return { bucket: 'all', feeds, tokens: 2 * batch * productWords, padded: 2 * batch * productWords };
      },
      scalars: (t) => adamScalars(t + 1, full.learningRate, ADAM),
      onStep: (step, loss) => full.onStep?.(step, loss),
      stopped: full.stopped,
    });
    const scores = new Float64Array(data.pairs.length);
    for (let from = 0; from < data.pairs.length; from += batch) {
      const part = data.pairs.slice(from, from + batch);
      const feeds = { queries: gather(queries, part.map(({ query }) => query), queryWords), products: gather(products, part.map(({ product }) => product), productWords) }; // prettier-ignore
      scores.set((program.run('score', 'all', feeds).scores as Float32Array).subarray(0, part.length), from);
    }
    return { scores, losses: result.curves.loss ?? [], vocabulary: ids.size, steps: result.step };
  } finally {
    program.dispose();
  }
}

/** Ids from 1 for the words that occur `least` times or more, the most frequent first. */
function vocabularyOf(texts: readonly (readonly string[])[], least: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of text) counts.set(word, (counts.get(word) ?? 0) + 1);
  const kept = [...counts].filter(([, n]) => n >= least).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return new Map(kept.map(([word], i) => [word, i + 1]));
}
