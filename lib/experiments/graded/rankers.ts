import type { RunHooks } from '../experiment';
import { productsByKey } from '../../data';
import { ensure } from '../../runtime/errors';
import { decodePredictions } from '../../metrics/predictions';
import { rankByBm25 } from '../../train/zero-shot';
import type { RunRecord } from '../record';
import { headOverMembers, meanOfMembers, weightedMembers } from './combine';
import { membersOf, type GradedConfig } from './config';
import { crossEncoderScores } from './cross-encoder';
import { pairsOf, type GradedData } from './data';
import { gradedStart, sentenceEncoder } from './encoders';
import { cosineScores, tunedScores } from './tune';

/** A ranker's scores in [0, 1], one a row, and what it took. */
export interface Scored {
  scores: Float64Array;
  metrics: Record<string, number>;
  steps: number;
  stepMilliseconds: number;
}

/** Scores all graded rows by the ranker of a configuration. `members` are the records of its members, in order, of the same rows. */
export async function scoreBy(
  config: GradedConfig,
  data: GradedData,
  folds: Int32Array,
  seed: number,
  members: readonly RunRecord[],
  hooks: RunHooks,
): Promise<Scored> {
  const { ranker } = config;
  const plain = (scores: Float64Array, metrics: Record<string, number> = {}): Scored => ({
    scores,
    metrics,
    steps: 0,
    stepMilliseconds: 0,
  });
  switch (ranker.by) {
    case 'random':
      return plain(new Float64Array(data.rows.length));
    case 'bm25':
      return plain(bm25Scores(config, data));
    case 'cosine': {
      const { encoder, tune } = ranker;
      if (tune) return tunedScores({ ...ranker, tune }, config, data, folds, seed, hooks);
      const start = await gradedStart(encoder, seed, data, config.judged, hooks);
      return plain(await cosineScores(sentenceEncoder(start), data, config));
    }
    case 'cross-encoder':
      return crossEncoderScores(ranker, config, data, folds, seed, hooks);
    case 'mean':
    case 'weighted':
    case 'head': {
      const columns = columnsOf(members, membersOf(ranker).length);
      if (ranker.by === 'mean') return plain(meanOfMembers(columns, ranker.of, data.query));
      if (ranker.by === 'head') return plain(headOverMembers(data, columns, folds, ranker.c));
      const { scores, weights } = weightedMembers(data, columns, folds, ranker.rounds);
      const mean = (m: number): number => weights.reduce((sum, w) => sum + w[m], 0) / weights.length;
      return plain(scores, Object.fromEntries(columns.map((_, m) => [`weight${m + 1}`, mean(m)])));
    }
  }
}

/** BM25 with the whole catalogue's statistics, divided by the largest score (none is negative where all are divided: below 0 is 0). */
function bm25Scores({ fields }: GradedConfig, data: GradedData): Float64Array {
  const { scores } = rankByBm25(pairsOf(data), productsByKey(data.products), fields);
  const most = scores.reduce((a, b) => Math.max(a, b), 0);
  return scores.map((score) => (most > 0 ? Math.max(0, score) / most : 0));
}

/** The stored scores of members: [M][N]. */
function columnsOf(members: readonly RunRecord[], expected: number): Float64Array[] {
  ensure(members.length === expected, `a ranker of ${expected} members needs as many records, got ${members.length}`);
  return members.map(({ id, predictions }) => {
    ensure(predictions?.classes === 1 && predictions.rows === members[0].predictions?.rows, `member ${id} must hold one score for each of the same rows`); // prettier-ignore
    return decodePredictions(predictions).probabilities;
  });
}
