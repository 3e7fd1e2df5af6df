import { InputError, oneOf } from '../runtime/errors';
import { LABELS, type Label } from '../data/types';

/**
 * How equal scores are ranked: `first` keeps row order (the scorer sorts rows by product id, so: product id ascending), `last` reverses it
 * (product id descending, as trec_eval), `average` takes the mean over every order of the tied rows (as scikit-learn).
 */
export type TiePolicy = 'first' | 'last' | 'average';

/** Everything that decides which nDCG a number is. */
export interface Convention {
  name: string;
  /** One sentence for a reader of the number, as it is with ESCI labels and the convention's own policies (`describeConvention` says what was used). */
  about: string;
  /** Whose definition it is. */
  origin: string;
  gains: Readonly<Record<Label, number>>;
  ties: TiePolicy;
  /** A query without any positive gain scores 0, or is left out of the mean. */
  zeroIdeal: 'zero' | 'skip';
  /** A query with one product is scored like any other, or left out of the mean (scikit-learn refuses it). */
  single: 'score' | 'skip';
  /** Adds an item of gain 0 and score 0 to every query before scoring. */
  extraZeroItem: boolean;
  /** Scores are compared in single precision, so that near-equal ones tie. */
  float32: boolean;
}

/** Gains of the KDD Cup 2022 ESCI task 1: E 1, S 0.1, C 0.01, I 0 (Reddy et al. 2022, §4). */
export const ESCI_GAINS: Readonly<Record<Label, number>> = { E: 1, S: 0.1, C: 0.01, I: 0 };
const swapped = { E: 1, S: 0.01, C: 0.1, I: 0 };

const base = { gains: ESCI_GAINS, zeroIdeal: 'zero', single: 'score', extraZeroItem: false, float32: false } as const;

/** Human grades as linear gains over the queries that can tell rankers apart (two or more rows, a positive grade); equal scores averaged. `gains` is not read. */
export const GRADED: Convention = { ...base, name: 'graded', origin: 'human grades', about: 'grades as linear gains; ties averaged; queries that cannot tell rankers apart are left out', ties: 'average', zeroIdeal: 'skip', single: 'skip' }; // prettier-ignore

/** The conventions of ESCI labels' gains; `graded` is the one of human grades. */
export const CONVENTION_NAMES = ['spec', 'trec', 'sklearn', 'esci-data-head', 'zhichunroad-dev'] as const;
export type ConventionName = (typeof CONVENTION_NAMES)[number];

/** The named nDCG conventions; every one takes the whole judged list unless k is given, gains linear, discount 1/log2(rank + 1). */
export const CONVENTIONS: Readonly<Record<ConventionName, Convention>> = {
  spec: {
    ...base,
    name: 'spec',
    origin: 'the task’s text',
    about: 'the task’s text: gains E 1, S .1, C .01, I 0; ties by product id, ascending; a query without gain scores 0',
    ties: 'first',
  },
  trec: {
    ...base,
    name: 'trec',
    origin: 'trec_eval’s ndcg',
    about:
      'trec_eval’s ndcg with the same gains: scores in single precision, ties by product id, descending; a query without gain scores 0',
    ties: 'last',
    float32: true,
  },
  sklearn: {
    ...base,
    name: 'sklearn',
    origin: 'scikit-learn’s ndcg_score per query',
    about:
      'scikit-learn’s ndcg_score per query: ties averaged; a query without gain scores 0; a query of one product is refused, so left out',
    ties: 'average',
    single: 'skip',
  },
  'esci-data-head': {
    ...base,
    name: 'esci-data-head',
    origin: 'the data set’s own trec_eval script, which swaps the gains of S and C',
    about: 'the data set’s own trec_eval script, which swaps the gains of S and C: S .01, C .1',
    gains: swapped,
    ties: 'last',
    float32: true,
  },
  'zhichunroad-dev': {
    ...base,
    name: 'zhichunroad-dev',
    origin: 'the first paper’s released dev score',
    about: 'the first paper’s released dev score: scikit-learn’s, with an extra item of gain 0 and score 0 in every query',
    ties: 'average',
    extraZeroItem: true,
  },
};

/** The convention of a name, `graded` among them; throws an InputError that lists the names. */
export function conventionNamed(name: string): Convention {
  const found = oneOf('convention', name, [...CONVENTION_NAMES, 'graded']);
  return found === 'graded' ? GRADED : CONVENTIONS[found];
}

const TIES: Readonly<Record<TiePolicy, string>> = {
  first: 'ties by product id, ascending',
  last: 'ties by product id, descending',
  average: 'ties averaged',
};

/** The sentence of a convention as it was used: with labels' gains or with grades, under these policies. */
export function describeConvention(rule: Convention, gains: 'labels' | 'grades'): string {
  const shares = LABELS.map((label) => `${label} ${String(rule.gains[label]).replace(/^0\./, '.')}`);
  const parts = [
    gains === 'grades' ? 'grades as linear gains' : `gains ${shares.join(', ')}`,
    ...(rule.float32 ? ['scores in single precision'] : []),
    ...(rule.extraZeroItem ? ['an extra item of gain 0 and score 0 in every query'] : []),
    TIES[rule.ties],
    rule.zeroIdeal === 'zero' ? 'a query without gain scores 0' : 'a query without gain is left out',
    ...(rule.single === 'skip' ? ['a query of one product is left out'] : []),
  ];
  return `${rule.origin}: ${parts.join('; ')}`;
}

/** Class ids (indices into LABELS) of label letters or words; throws an InputError on an unknown one. */
export function labelId(label: string): number {
  const id = LABELS.indexOf(label.slice(0, 1).toUpperCase() as Label);
  const words = ['exact', 'substitute', 'complement', 'irrelevant'];
  if (id >= 0 && (label.length === 1 || label.toLowerCase() === words[id])) return id;
  throw new InputError(`esci_label must be one of ${LABELS.join(', ')}, got ${JSON.stringify(label)}`);
}

/** The gain of each row from its class id. */
export function gainsOf(labels: ArrayLike<number>, gains: Readonly<Record<Label, number>> = ESCI_GAINS): Float64Array {
  const table = LABELS.map((label) => gains[label]);
  const out = new Float64Array(labels.length);
  for (let i = 0; i < out.length; i++) out[i] = table[labels[i]];
  return out;
}
