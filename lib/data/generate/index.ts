/**
 * The generator: a shop in three languages, its searchers, and judgements whose truth is known. A query names a category and asks for attributes, a colour
 * or a brand in a searcher's words; the true label follows from what the product is; then labels are flipped at a known rate by a known matrix.
 *
 * Planted difficulty, each a parameter: synonyms that no product text holds; titles that leave asked values out; missing fields; irrelevant products of the
 * same department that share every asked word; accessories that name the category; near-duplicates; long tails; a few negations and typing errors.
 */
export { DEFAULTS, LABEL_SHARES, WORLDS, type Confusion, type GeneratorOptions, type WorldName } from './options';
export { generate, generateChunks, GENERATOR_VERSION, type Chunk } from './generate';
export { resolveOptions } from './resolve';
export { transition } from './noise';
export { ceilings, visibleRule, type Ceilings } from './ceilings';
export { productFacts, type ProductFacts } from './facts';
