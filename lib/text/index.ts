export { stripHtml, collapse } from './html';
export {
  PRODUCT_FIELDS,
  PAPER_FIELDS,
  MLM_FIELDS,
  HTML_FIELDS,
  checkTextOptions,
  PAPER_SEPARATOR,
  productText,
  neutralise,
  type ProductField,
  type TextOptions,
} from './fields';
export { Tokenizer, loadTokenizer, type EncodeOptions, type InspectedToken } from './tokenizer';
export type { Encoded, Template } from './template';
export type { Specials, TokenizerJson } from './specials';
export { trainTokenizer, type TrainTokenizerOptions } from './train-tokenizer';
export { unigramVocabulary, type UnigramOptions } from './unigram';
export { tokenise, tokeniseBlocks, tokensKey, type RowSource, type TokeniseOptions, type TokenCacheOptions } from './tokenise';
export { concatRows, rowLengths, selectRows, type TokenisedRows } from './tokenised-rows';
export { lengthBuckets, type BucketOptions } from './length-buckets';
export { epochBatches, paddingOf, type Batch, type EpochOptions } from './epoch-batches';
export { padBatch, type PaddedBatch } from './pad-batch';
export { countryId, normaliseName, NameVocabulary } from './names';
export { trigrams, type TrigramOptions } from './trigrams';
export { TrigramVocabulary, type TrigramVocabularyOptions } from './trigram-vocabulary';
export { BAG_GROUPS, bagTexts, padBags, trigramBags, type BagOptions, type PaddedBag, type TrigramBags } from './trigram-bags';
export { word2vec, type Word2vecOptions } from './word2vec';
