import { combineScores, correlation } from '../experiments/ensemble-run';
import type { Predictions, RowRuns, RunRecord } from '../experiments/record';
import { CONVENTION_NAMES, CONVENTIONS, gainsOf } from '../metrics/conventions';
import { rankMean } from '../metrics/ensemble';
import { ndcg } from '../metrics/ndcg';
import { decodePredictions } from '../metrics/predictions';
import { ensure } from '../runtime/errors';
import { Key } from '../runtime/key';
import { mean, sd } from './change';
import { barsFigure } from './figures/bars';
import type { Figure } from './figures/figure';
import type { Markup } from './markup';
import { tableView } from './table-view';

interface Model {
  name: string;
  /** One list of predictions a run. */
  runs: readonly Predictions[];
}

/** The rows of a table that rank (task 1), with their stored predictions. */
export function rankers(rows: readonly RowRuns[]): Model[] {
  return rows
    .filter(({ runs }) => runs.length > 0 && runs.every((run) => run.metrics.ndcg !== undefined && run.predictions))
    .map(({ row, runs }) => ({ name: row.label.replace(/^Task 1[:,] /, ''), runs: runs.map((run) => run.predictions!) }));
}

/** What a model ranks by, and nDCG of each query (ties averaged). */
function perQuery(predictions: Predictions): Float64Array {
  const { label, query } = decodePredictions(predictions);
  const scores = combineScores([predictions], 'mean');
  return ndcg({ gains: gainsOf(label), scores, query }, { ...CONVENTIONS.spec, ties: 'average' }).perQuery;
}

/** nDCG of each query that has one, by evaluation set and query: the mean over the runs that answered it. */
function valuesByQuery(runs: readonly Predictions[]): Map<string, number> {
  const found = new Map<string, number[]>();
  for (const run of runs) {
    const { names } = numbered(run.query);
    perQuery(run).forEach((value, i) => {
      const name = `${run.rows} ${names[i]}`;
      if (!Number.isNaN(value)) found.set(name, [...(found.get(name) ?? []), value]);
    });
  }
  return new Map([...found].map(([name, values]) => [name, mean(values)]));
}

/** nDCG within each locale, a bar per model: mean ± sd over runs. */
export function localePanels(rows: readonly RowRuns[], title = 'Task 1'): Figure | undefined {
  const models = rankers(rows);
  const locales = ['us', 'es', 'jp'].filter((l) => models.some((m) => m.runs.some((p) => p.locale.includes(l[0]))));
  const series = models.map(({ name, runs }) => ({
    name,
    values: locales.map((locale) => {
      const values = runs.map((p) => {
        const of = new Map(p.query.map((q, i) => [q, p.locale[i]]));
        const { names } = numbered(p.query);
        const own = [...perQuery(p)].filter((v, i) => of.get(names[i]) === locale[0] && !Number.isNaN(v));
        return own.length ? mean(own) : NaN;
      });
      const finite = values.filter(Number.isFinite);
      return { value: mean(finite), sd: finite.length > 1 ? sd(finite) : undefined };
    }),
  }));
  const said = series.map((s) => `${s.name}: ${s.values.map((v, i) => `${locales[i]} ${v.value.toFixed(3)}`).join(', ')}`);
  return barsFigure(series, {
    title: `${title}: nDCG of each locale`,
    alt: `${said.join('; ')}.`,
    y: 'nDCG',
    categories: locales,
  });
}

/** Query numbers in order of first appearance, as decoded predictions number them. */
function numbered(query: readonly number[]): { names: number[] } {
  return { names: [...new Set(query)] };
}

/** How alike the models rank: the correlation of rows' ranks within their queries, for each pair, of the first run. */
export function diversityView(rows: readonly RowRuns[]): { html: Markup; text: string } {
  const models = rankers(rows);
  const ranks = models.map(({ runs }) => rankMean([combineScores([runs[0]], 'mean')], decodePredictions(runs[0]).query));
  return tableView(
    ['rank correlation', ...models.map((_, i) => String(i + 1))],
    models.map(({ name }, i) => [
      `${i + 1} ${name}`,
      ...ranks.map((other, j) => (j < i ? correlation(ranks[i], other).toFixed(2) : '')),
    ]),
  );
}

/** One run's predictions under every nDCG convention, side by side: which number a paper means matters. */
export function conventionsView(record: RunRecord): { html: Markup; text: string } {
  ensure(record.predictions, `run ${record.id} holds no predictions`);
  const { label, query } = decodePredictions(record.predictions);
  const scores = combineScores([record.predictions], 'mean');
  return tableView(
    ['convention', 'nDCG', 'queries without gain', 'queries with ties', 'left out', 'what it is'],
    CONVENTION_NAMES.map((name) => {
      const rule = CONVENTIONS[name];
      const one = ndcg({ gains: gainsOf(label, rule.gains), scores, query }, rule);
      return [name, one.value.toFixed(4), String(one.zeroIdeal), String(one.tied), String(one.skipped), rule.about];
    }),
  );
}

const FEWEST = 4;

/** How well half of the queries predicts the order of the models on the other half. */
export interface HalvesAgreement {
  /** Spearman's correlation of the models' mean nDCG on the two halves, over many random halvings: mean, and the middle 90 %. */
  mean: number;
  low: number;
  high: number;
  /** Share of halvings in which the best model of one half is the best of the other. */
  sameBest: number;
  models: number;
  queries: number;
}

/**
 * Is the development set still telling the truth? Splits the queries of all runs at random into a "dev" and a "test" half, `halvings` times, and asks whether the
 * models come in the same order. Near 1: a difference on dev is one on test. Near 0: choosing by dev is drawing lots. A query that several runs of a model
 * answered (other seeds) counts once, by its mean: it must not lie in both halves.
 */
export function halvesAgreement(rows: readonly RowRuns[], { halvings = 200, key = Key.from('halves') } = {}): HalvesAgreement {
  const models = rankers(rows);
  ensure(models.length >= 3, `a rank correlation needs at least 3 models, got ${models.length}`);
  const answered = models.map(({ runs }) => valuesByQuery(runs));
  const names = [...answered[0].keys()];
  ensure(
    answered.every((of) => of.size === names.length && names.every((name) => of.has(name))),
    'a rank correlation needs every model on the same queries: some have other runs than the first',
  );
  const values = answered.map((of) => Float64Array.from(names, (name) => of.get(name)!));
  const queries = names.length;
  ensure(queries >= FEWEST, `two halves of the queries need at least ${FEWEST}, got ${queries}`);
  const random = key.random();
  let same = 0;
  const correlations = Array.from({ length: halvings }, () => {
    const order = random.permutation(queries);
    const half = queries >> 1;
    const of = (v: Float64Array, from: number, to: number): number => mean([...order.subarray(from, to)].map((q) => v[q]));
    const dev = values.map((v) => of(v, 0, half));
    const test = values.map((v) => of(v, half, queries));
    same += Number(dev.indexOf(Math.max(...dev)) === test.indexOf(Math.max(...test)));
    const one = dev.map(() => 0);
    return correlation(rankMean([dev], one), rankMean([test], one));
  }).sort((a, b) => a - b);
  const at = (p: number): number => correlations[Math.min(halvings - 1, Math.floor(p * halvings))];
  return { mean: mean(correlations), low: at(0.05), high: at(0.95), sameBest: same / halvings, models: models.length, queries };
}
