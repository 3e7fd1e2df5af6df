/** Judged rows and products: reading, describing, splitting, balancing, writing, fetching. The generator has a door of its own, `data/generate`. */
export * from './types';
export { readDataset, streamRows } from './read';
export type { ReadFilters } from './stage';
export type { PairInput, SourceInput } from './files';
export { ReadReport } from './report';
export { cleanText, normalizeQuery, parseLabel, parseLocale } from './normalize';
export { foldOf, portableHash, splitFolds, splitManifest, type Fold, type SplitManifest } from './folds';
export { Duck, query, type DuckOptions } from './duck';
export { judgedProduct, productsByKey, readCatalogue, readJudgements, type GradedJudgement } from './catalogue';
export { describeData, type CatalogueDescription, type DatasetDescription } from './describe';
export type { Quantiles } from './quantiles';
export { leakageAudit, type LeakageAudit } from './leakage';
export { BALANCE, balanceClasses, translateRows, type BalanceOptions, type TranslateOptions, type Translator } from './balance';
export { writeUpstreamParquet, type RowChunk, type Written } from './write';
export { fetchDataset, readManifest, type FetchOptions, type ManifestSet } from './fetch';
