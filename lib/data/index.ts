/** Judged rows and products: reading, describing, splitting, balancing, writing, fetching. The generator has a door of its own, `data/generate`. */
export * from './types';
export { readDataset, streamRows } from './read';
export type { ReadFilters } from './stage';
export type { PairInput, SourceInput } from './files';
export { ReadReport } from './report';
export { cleanText, normalizeQuery, parseLabel, parseLocale } from './normalize';
export { foldOf, portableHash, splitFolds, splitManifest, type Fold, type SplitManifest } from './folds';
export { Duck, query, type DuckOptions } from './duck';
