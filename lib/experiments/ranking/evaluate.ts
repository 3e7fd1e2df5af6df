import { queriesOf, type ClickModelTruth, type LogColumns, type RankingData } from '../../ranking';
import { evaluateRanking } from '../../ranking/evaluate';
import { SIGNALS, type Signal, type TaskScores } from '../../ranking/types';
import { sha256 } from '../../runtime/hash';
import type { Rankings, RunRecord } from '../record';

/** What a ranker says of the pairs that measure, and of the impressions of the log that measures. */
export interface RankerScores {
  /** [pairs of the data] by task; only those of test queries are read. */
  scores: TaskScores;
  /** [rows of the test log] P(signal) at the position shown, for the signals that the ranker has probabilities of. */
  probabilities: Partial<Record<Signal, ArrayLike<number>>>;
}

/** A query stands for the vocabulary gap where at least half of its words are in none of its relevant products' text. */
export const GAP = 0.5;

const title = (name: string): string => name[0].toUpperCase() + name.slice(1);
/** `click.trueNdcg@10` → `trueNdcgClick`. */
const nameOf = (metric: string): string => {
  const [task, what] = metric.split('.');
  return what.replace('@10', '') + title(task);
};

/**
 * The metrics of a ranking run by name (`evaluateRanking`'s, as `ndcgClick`, `mrrCart`, `aucPurchase`, `eceClick`, `trueNdcgPurchase`, `ndcgRelevance`), and those that
 * are means over queries query by query; `…Gap` are the same over the queries whose words the relevant products' text does not use.
 */
export function evaluateScores(
  { data, truth, test }: { data: RankingData; truth: ClickModelTruth; test: LogColumns },
  { scores, probabilities }: RankerScores,
): { metrics: Record<string, number>; rankings: Rankings; curves: RunRecord['curves'] } {
  const queries = queriesOf(data, 'test');
  const result = evaluateRanking(scores, { data, truth, log: test, queries }, { impressionProbabilities: probabilities });
  const metrics: Record<string, number> = {};
  const perQuery: Rankings['perQuery'] = {};
  for (const [name, value] of Object.entries(result.metrics))
    if (Number.isFinite(value) && !result.perQuery[name]) metrics[nameOf(name)] = value;
  const gap = queries.map((q) => (data.queries[q].gap ?? 0) >= GAP);
  for (const [name, values] of Object.entries(result.perQuery)) {
    note(nameOf(name), values);
    if (/ndcg/i.test(name)) note(`${nameOf(name)}Gap`, values.map((v, q) => (gap[q] ? v : NaN))); // prettier-ignore
  }
  metrics.gapQueries = gap.filter(Boolean).length;
  const curves = Object.fromEntries(
    SIGNALS.flatMap((signal) =>
      probabilities[signal] ? [[`calibration.${signal}`, quantiles(probabilities[signal], test[signal])]] : [],
    ),
  ) as RunRecord['curves'];
  const identity = queries.map((q) => `${data.queries[q].locale}\t${data.queries[q].query}`);
  return { metrics, rankings: { queries: sha256([data.sha256, ...identity].join('\n')), perQuery }, curves };

  function note(name: string, values: Float64Array): void {
    const rounded = Array.from(values, (v) => (Number.isNaN(v) ? null : Math.round(v * 1e5) / 1e5));
    const known = rounded.filter((v) => v !== null);
    if (!known.length) return;
    perQuery[name] = rounded;
    metrics[name] = known.reduce((a, b) => a + b, 0) / known.length;
  }
}

/** Mean predicted probability against the share that happened, in ten parts of equally many impressions: fit for rare signals, whose probabilities are all small. */
function quantiles(p: ArrayLike<number>, happened: ArrayLike<number>, parts = 10): [number, number][] {
  const order = Array.from(p, (_, i) => i).sort((a, b) => p[a] - p[b]);
  return Array.from({ length: parts }, (_, part) => {
    const rows = order.slice(Math.floor((part * order.length) / parts), Math.floor(((part + 1) * order.length) / parts));
    const mean = (of: ArrayLike<number>): number => rows.reduce((sum, i) => sum + of[i], 0) / Math.max(1, rows.length);
    return [mean(p), mean(happened)];
  });
}
