import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { configFromHuggingFace, readConfigJson, type EncoderConfig } from '../encoder';
import { weightsFolder } from '../encoder/weights';
import type { EncoderStart, FinetuneConfig } from './config';

/** An encoder's widths: what decides its memory and its work. */
export type EncoderShape = Pick<
  EncoderConfig,
  'type' | 'layers' | 'hidden' | 'heads' | 'ffn' | 'vocabulary' | 'maxPositions' | 'typeVocabulary'
>;

/** Sizes that the data decides: names seen more than once in the catalogue, and judged rows. */
export interface DataSizes {
  brands: number;
  colors: number;
  /** Judged rows of a task, all folds together. */
  rows: Readonly<Record<1 | 2 | 3, number>>;
}

/**
 * The full ESCI data: 151,519 brands and 47,036 colours (the paper's §4); 2,069,039 rows of tasks 2 and 3 (its §6); 1,118,011 rows of task 1, the smaller
 * version of Reddy et al. (2022), Table 2.
 */
export const ESCI_SIZES: DataSizes = { brands: 151_519, colors: 47_036, rows: { 1: 1_118_011, 2: 2_069_039, 3: 2_069_039 } };

/** The widths of an XLM-RoBERTa of this size, as all of its family have them. */
export const xlmr = (layers: number, hidden: number, heads: number, vocabulary = 250_002): EncoderShape => ({
  type: 'xlm-roberta',
  layers,
  hidden,
  heads,
  ffn: 4 * hidden,
  vocabulary,
  maxPositions: 514,
  typeVocabulary: 1,
});

/** The widths of weights that a scale may name, as their config.json says, for planning before they are fetched. */
const KNOWN_SHAPES: Readonly<Record<string, EncoderShape>> = {
  'all-minilm-l6-v2': { ...xlmr(6, 384, 12), type: 'bert', vocabulary: 30_522, maxPositions: 512, typeVocabulary: 2 },
  'xlm-roberta-base': xlmr(12, 768, 12),
  'xlm-roberta-large': xlmr(24, 1024, 16),
  'microsoft/infoxlm-large': xlmr(24, 1024, 16),
  'microsoft/Multilingual-MiniLM-L12-H384': {
    ...xlmr(12, 384, 12),
    type: 'bert',
    vocabulary: 250_037,
    maxPositions: 512,
    typeVocabulary: 2,
  },
};

/** The widths of a start; undefined for weights that are neither here nor known. Nothing is fetched. `longest` is the most tokens of a text. */
export function shapeOf(start: EncoderStart, longest: number): EncoderShape | undefined {
  if (start.from === 'scratch') {
    const { layers, hidden, heads, ffn, vocabulary } = start;
    return { type: 'xlm-roberta', layers, hidden, heads, ffn, vocabulary, maxPositions: longest + 2, typeVocabulary: 1 };
  }
  const folder = [start.name, weightsFolder(start.name)].find((place) => existsSync(join(place, 'config.json')));
  return folder === undefined ? KNOWN_SHAPES[start.name] : configFromHuggingFace(readConfigJson(folder));
}

/** The most tokens of any text of a run. */
export const longestOf = ({ text, pretrain }: FinetuneConfig): number => Math.max(text.maxLength, pretrain?.maxLength ?? 0);
