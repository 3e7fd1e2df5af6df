import { ensure } from '../runtime/errors';
import type { Key } from '../runtime/key';
import { LABELS } from '../data/types';
import { bootstrapInterval, type Interval } from './bootstrap';
import { CONVENTIONS, CONVENTION_NAMES, describeConvention, gainsOf, GRADED, type Convention } from './conventions';
import { f1Scores, type F1Scores } from './f1';
import { ndcg, randomNdcg, type NdcgResult } from './ndcg';
import { macroF1Of, meanOf } from './statistics';

/** Rows to score, sorted by query and product id: `label` class ids or `grade` gains, and `score` (task 1) or `predicted` class ids (2, 3). */
export interface ScoreRows {
  query: Int32Array;
  queryIds: readonly string[];
  label?: ArrayLike<number>;
  grade?: ArrayLike<number>;
  score?: ArrayLike<number>;
  predicted?: ArrayLike<number>;
  /** Locale of each row, where known. */
  locale?: readonly string[];
}

export interface ScoreOptions {
  /** Default: `spec` for labels, `graded` for grades. */
  convention?: Convention;
  k?: number;
  /** Every convention side by side. */
  all?: boolean;
  /** Replaces every convention's own policy for a query without gain. */
  zeroIdeal?: Convention['zeroIdeal'];
  resamples: number;
  key: Key;
}

export type Bounds = Pick<Interval, 'low' | 'high' | 'level' | 'resamples'>;
/** Null where one query alone was scored: its resamples are all the same. */
const bounds = ({ low, high, level, resamples, clusters }: Interval): Bounds | null =>
  clusters > 1 ? { low, high, level, resamples } : null;

export interface RankingScore {
  task: 1;
  ndcg: number;
  /** Over queries; null with one query. */
  interval: Bounds | null;
  /** As it was used: `about` says so, and gains are the labels' or the grades themselves. */
  convention: Omit<Convention, 'gains'> & { gains: Convention['gains'] | 'grades' };
  k: number | null;
  /** nDCG of random order under the same convention, exactly. */
  random: number;
  rows: number;
  counts: Omit<NdcgResult, 'value' | 'perQuery'>;
  locales: Record<string, { ndcg: number | null; queries: number }>;
  conventions?: Record<string, { ndcg: number; about: string; zeroIdeal: number; skipped: number; tied: number }>;
  /** nDCG of each query in the order of `queryIds`; NaN where it was left out. */
  perQuery: Float64Array;
}

/** Task 1: nDCG under a named convention, its interval over queries, its counts, per locale and per query. */
export function scoreRanking(
  rows: ScoreRows,
  { convention: named, k, all, zeroIdeal, resamples, key }: ScoreOptions,
): RankingScore {
  const policy = (rule: Convention): Convention => (zeroIdeal ? { ...rule, zeroIdeal } : rule);
  const { query, queryIds, score, label, grade } = rows;
  ensure(score, 'task 1 needs a score for each row');
  const convention = policy(named ?? (label ? CONVENTIONS.spec : GRADED));
  const about = (rule: Convention): string => describeConvention(rule, label ? 'labels' : 'grades');
  const gains = (rule: Convention): ArrayLike<number> => (label ? gainsOf(label, rule.gains) : (grade as ArrayLike<number>));
  const lists = { query, queries: queryIds.length, scores: score };
  const of = (rule: Convention): NdcgResult => ndcg({ ...lists, gains: gains(rule) }, rule, k);
  const { value, perQuery, ...counts } = of(convention);
  const perLocale = rows.locale ? localesOf(rows, perQuery) : {};
  const conventions = !all
    ? undefined
    : Object.fromEntries(
        // Swapping the gains of S and C means nothing for grades.
        [
          ...CONVENTION_NAMES.filter((name) => label || name !== 'esci-data-head').map((name) => CONVENTIONS[name]),
          ...(label ? [] : [GRADED]),
        ].map((own) => {
          const rule = policy(own);
          const one = of(rule);
          const { zeroIdeal, skipped, tied } = one;
          return [rule.name, { ndcg: one.value, about: about(rule), zeroIdeal, skipped, tied }];
        }),
      );
  return {
    task: 1,
    ndcg: value,
    interval: bounds(bootstrapInterval(perQuery, { resamples, key })),
    convention: { ...convention, about: about(convention), gains: label ? convention.gains : 'grades' },
    k: k ?? null,
    random: randomNdcg({ ...lists, gains: gains(convention) }, convention, k).value,
    rows: query.length,
    counts,
    locales: perLocale,
    ...(conventions && { conventions }),
    perQuery,
  };
}

export interface ClassScore {
  task: 2 | 3;
  micro_f1: number;
  macro_f1: number;
  weighted_f1: number;
  intervals: { micro_f1: Bounds | null; macro_f1: Bounds | null };
  classes: string[];
  per_class: F1Scores['perClass'];
  confusion: number[][];
  rows: number;
  queries: number;
  locales: Record<string, { micro_f1: number; macro_f1: number; rows: number }>;
  /** Share of rows predicted right in each query. */
  perQuery: Float64Array;
}

/** Task 2 (E, S, C, I) and task 3 (substitute or not): F1 scores with intervals over queries, confusion matrix, per locale and per query. */
export function scoreClasses(
  task: 2 | 3,
  rows: ScoreRows,
  { resamples, key }: Pick<ScoreOptions, 'resamples' | 'key'>,
): ClassScore {
  const { query, queryIds, label: given, predicted, locale } = rows;
  ensure(given && predicted, `task ${task} needs a given and a predicted label for each row`);
  const classes = task === 2 ? [...LABELS] : ['no_substitute', 'substitute'];
  const K = classes.length;
  const f1 = f1Scores(given, predicted, K);
  const right = Float64Array.from(query, (_, i) => Number(given[i] === predicted[i]));
  const clusters = queryIds.length;
  const each = new Float64Array(clusters);
  const size = new Float64Array(clusters);
  for (let i = 0; i < right.length; i++) {
    each[query[i]] += right[i];
    size[query[i]]++;
  }
  const names = [...new Set(locale ?? [])].sort();
  const inside = (name: string): Int32Array =>
    Int32Array.from(query.keys()).filter((i) => (locale as readonly string[])[i] === name);
  return {
    task,
    micro_f1: f1.micro,
    macro_f1: f1.macro,
    weighted_f1: f1.weighted,
    intervals: {
      micro_f1: bounds(bootstrapInterval(right, { groups: query, statistic: meanOf, resamples, key: key.fold('micro') })),
      macro_f1: bounds(
        bootstrapInterval(predicted, { groups: query, statistic: macroF1Of(given, K), resamples, key: key.fold('macro') }),
      ),
    },
    classes,
    per_class: f1.perClass,
    confusion: f1.confusion,
    rows: query.length,
    queries: clusters,
    locales: Object.fromEntries(
      names.map((name) => {
        const at = inside(name);
        const own = f1Scores(
          Uint8Array.from(at, (i) => given[i]),
          Uint8Array.from(at, (i) => predicted[i]),
          K,
        );
        return [name, { micro_f1: own.micro, macro_f1: own.macro, rows: at.length }];
      }),
    ),
    perQuery: each.map((n, q) => n / size[q]),
  };
}

/** Mean of per-query values by locale; a query belongs to the locale of its first row. */
function localesOf(rows: ScoreRows, perQuery: Float64Array): RankingScore['locales'] {
  const of = new Array<string>(rows.queryIds.length);
  rows.query.forEach((q, i) => (of[q] ??= (rows.locale as readonly string[])[i]));
  return Object.fromEntries(
    [...new Set(of)].sort().map((name) => {
      const values = perQuery.filter((value, q) => of[q] === name && !Number.isNaN(value));
      return [name, { ndcg: values.length ? values.reduce((a, b) => a + b, 0) / values.length : null, queries: values.length }];
    }),
  );
}
