import type { ProductField } from '../../text';
import { trainBiEncoder, type BiEncoderOptions, type BiEncoderPair, type BiEncoderResult } from '../../train/bi-encoder';
import { cosineAt, embedTexts } from '../../train/embed';
import { recoverExamination } from '../examination';
import type { LogColumns, RankingData } from '../types';
import { plainText } from './lexical';

export type BiEncoderRankerOptions = Omit<BiEncoderOptions, 'pairs'> & { fields: readonly ProductField[] };

/**
 * A log's pairs for a bi-encoder, with position taken out: target = clicks / Σ e_k over the pair's impressions (at most 1), the rate of a product that is looked at, and
 * weight = Σ e_k scaled to mean 1, how much was seen of it; e_k by EM from the same log (`recoverExamination`). `positive` keeps clicked pairs alone, with weight = clicks
 * per look: what in-batch negatives want.
 */
export function clickedPairs(
  data: RankingData,
  log: LogColumns,
  fields: readonly ProductField[],
  positive = false,
): BiEncoderPair[] {
  const { em } = recoverExamination(log);
  const looks = new Float64Array(data.pairs.length);
  const clicks = new Float64Array(data.pairs.length);
  for (let i = 0; i < log.rows; i++) {
    looks[log.pair[i]] += em[log.position[i] - 1];
    clicks[log.pair[i]] += log.click[i];
  }
  const used = [...data.pairs.keys()].filter((pair) => looks[pair] > 0 && (!positive || clicks[pair] > 0));
  const weightOf = (pair: number): number => (positive ? Math.min(1, clicks[pair] / looks[pair]) : looks[pair]);
  const mean = used.reduce((sum, pair) => sum + weightOf(pair), 0) / used.length;
  return used.map((pair) => {
    const { query, product } = data.pairs[pair];
    return {
      query: data.queries[query].query,
      product: plainText(data.products[product], fields),
      weight: weightOf(pair) / mean,
      target: Math.min(1, clicks[pair] / looks[pair]),
    };
  });
}

/**
 * Fine-tunes a bi-encoder on a log's clicks and scores every pair: the cosine, or with `loss: 'pointwise'` (default) the probability of a click when looked at. [pairs].
 * `trained` is what `trainBiEncoder` gives.
 */
export async function scoreByBiEncoder(
  data: RankingData,
  log: LogColumns,
  { fields, ...options }: BiEncoderRankerOptions,
): Promise<{ scores: Float64Array; trained: BiEncoderResult }> {
  const { loss = 'pointwise' } = options;
  const pairs = clickedPairs(data, log, fields, loss === 'in-batch');
  const trained = await trainBiEncoder({ temperature: loss === 'pointwise' ? 0.1 : 0.05, ...options, loss, pairs });
  const { queryLength = 24, productLength = 64, precision } = options;
  const shared = { batch: 64, ...(precision && { precision }) };
  const asked = await embedTexts(trained.encoder, data.queries.map(({ query }) => query), { ...shared, maxLength: queryLength }); // prettier-ignore
  const shown = await embedTexts(trained.encoder, data.products.map((product) => plainText(product, fields)), { ...shared, maxLength: productLength }); // prettier-ignore
  const { hidden } = asked;
  const scores = Float64Array.from(data.pairs, ({ query, product }) => {
    const cosine = cosineAt(asked.vectors, query * hidden, shown.vectors, product * hidden, hidden);
    return loss === 'pointwise' ? 1 / (1 + Math.exp(-(trained.scale * cosine + trained.bias))) : cosine;
  });
  return { scores, trained };
}
