import { LABELS, type Row } from '../data/types';
import { GAINS } from '../finetune/losses';
import { TRIGRAM_GROUPS } from '../heads/esci';
import type { Key } from '../runtime/key';
import { bagTexts, countryId, NameVocabulary, tokenise, trigramBags, TrigramVocabulary, word2vec, type Tokenizer } from '../text';
import type { Inputs } from '../train/inputs';
import type { FinetuneConfig } from './config';
import { classOf, queryNumbers } from './predictions';

/** What the head looks up: made from the training part (names from the whole catalogue), used for both parts. */
export interface Vocabularies {
  brands: NameVocabulary;
  colors: NameVocabulary;
  trigrams?: TrigramVocabulary;
}

/** Brand and colour names seen more than once in the catalogue, and the tri-grams of the training rows. */
export function buildVocabularies(
  config: FinetuneConfig,
  products: readonly { brand: string; color: string }[],
  train: readonly Row[],
): Vocabularies {
  const { trigrams } = config;
  return {
    brands: NameVocabulary.build(products.map((p) => p.brand)),
    colors: NameVocabulary.build(products.map((p) => p.color)),
    ...(trigrams
      ? {
          trigrams: TrigramVocabulary.build(
            train.flatMap((row) => bagTexts(row, trigrams.groups)),
            { limit: trigrams.vocabulary, keepLast: trigrams.keepLast },
          ),
        }
      : {}),
  };
}

/** Rows as the classifier is fed them. */
export async function prepareInputs(
  config: FinetuneConfig,
  rows: readonly Row[],
  tokenizer: Tokenizer,
  vocabularies: Vocabularies,
): Promise<Inputs> {
  const { fields, maxLength, queryLength } = config.text;
  const { head } = config;
  const tokens = await tokenise(rows, tokenizer, { fields, maxLength, queryLength });
  return {
    // A file may number the queries of each locale from 0: what ranks compares the rows that nDCG puts in one list.
    tokens: { ...tokens, queryIds: Int32Array.from(queryNumbers(rows)) },
    classes: Int32Array.from(rows, (row) => classOf(config.task, row.label)),
    gains: Float32Array.from(rows, (row) => GAINS[LABELS.indexOf(row.label)]),
    ...(head.brand ? { brand: Int32Array.from(rows, (row) => vocabularies.brands.id(row.brand)) } : {}),
    ...(head.color ? { color: Int32Array.from(rows, (row) => vocabularies.colors.id(row.color)) } : {}),
    ...(head.country ? { country: Int32Array.from(rows, (row) => countryId(row.locale)) } : {}),
    ...(head.trigrams ? { trigrams: trigramIds(config, rows, vocabularies.trigrams!) } : {}),
  };
}

/** Gram ids of all rows, [N, groups, capacity], 0 where there is none. */
function trigramIds(config: FinetuneConfig, rows: readonly Row[], vocabulary: TrigramVocabulary): Int32Array {
  const { groups, keepLast, capacity } = config.trigrams!;
  const bags = trigramBags(rows, vocabulary, { groups, keepLast, capacity: [capacity, capacity, capacity] });
  const ids = new Int32Array(rows.length * TRIGRAM_GROUPS * capacity);
  bags.ids.forEach((group, g) => {
    const offsets = bags.offsets[g];
    for (let i = 0; i < rows.length; i++)
      ids.set(group.subarray(offsets[i], offsets[i + 1]), (i * TRIGRAM_GROUPS + g) * capacity);
  });
  return ids;
}

/** The tri-gram table's word2vec start, [vocabulary, width], learned on the training rows' bags in text order. */
export function trigramVectors(
  config: FinetuneConfig,
  train: readonly Row[],
  vocabulary: TrigramVocabulary,
  key: Key,
): Float32Array {
  const { groups, keepLast, word2vec: own } = config.trigrams!;
  const sequences = train.flatMap((row) =>
    bagTexts(row, groups).map((text) => Int32Array.from(vocabulary.ids(text, { keepLast }))),
  );
  return word2vec(sequences, { ...own, size: vocabulary.size, dimensions: config.head.trigrams, key });
}
