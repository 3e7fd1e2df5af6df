import type { Dataset } from '../../data/types';
import { encoderParams } from '../../encoder';
import { ensure } from '../../runtime/errors';
import { Key } from '../../runtime/key';
import type { SentenceEncoder } from '../../train/embed';
import type { RunHooks } from '../experiment';
import { pretrain, withPretrained } from '../pretrain-run';
import { startingEncoder, type StartingEncoder } from '../start';
import type { JudgedSource, GradedEncoder } from './config';
import { openJudged, type GradedData } from './data';

/**
 * The encoder of a configuration, pre-trained where it says so: the run of the same configuration and seed that the fine-tuning tables start from, so it is found
 * where it was made before; or one whose text is the graded catalogue alone.
 */
export async function gradedStart(
  encoder: GradedEncoder,
  seed: number,
  data: GradedData,
  judged: JudgedSource,
  hooks: RunHooks,
): Promise<StartingEncoder> {
  const { pretrain: config } = encoder;
  ensure(encoder.start.from === 'weights', 'a graded data set is ranked by pre-trained weights, not from scratch');
  const dataset = config && encoder.text !== 'catalogue' ? await openJudged(judged) : catalogueOf(data);
  const key = Key.from('start').fold(seed);
  const start = await startingEncoder(encoder.start, dataset, [], 64, key);
  if (!config) return start;
  ensure(config.corpus === 'all', 'the encoder of a graded data set is pre-trained on the text of all products');
  hooks.onStage?.('pre-train');
  const named = { name: dataset.name, sha256: dataset.sha256 };
  const run = { start: encoder.start, config, pooling: 'mean', seed, data: named } as const;
  return withPretrained(start, await pretrain(run, start, dataset, [], hooks));
}

/** The encoder as one that embeds texts. */
export function sentenceEncoder({ config, tokenizer, weights }: StartingEncoder): SentenceEncoder {
  return { config, tokenizer, weights: Object.fromEntries(Object.keys(encoderParams(config)).map((n) => [n, weights[n]])) };
}

/** The catalogue as a data set without judgements: what pre-training on it alone reads. */
const catalogueOf = ({ name, catalogueSha256, products }: GradedData): Dataset => ({
  name,
  sha256: catalogueSha256,
  rows: [],
  products,
  skipped: {},
});
