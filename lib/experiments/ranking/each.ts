import { RANKING_TASKS, SIGNALS, type RankingTask } from '../../ranking/types';
import { ensure } from '../../runtime/errors';
import type { Rankings, RunRecord } from '../record';

const title = (name: string): string => name[0].toUpperCase() + name.slice(1);
/** The task that a metric is of: `ndcgCartGap` is of carts. */
const taskOf = (metric: string): RankingTask | undefined => RANKING_TASKS.find((task) => metric.includes(title(task)));

/**
 * "Single-task models" as one row: each signal's figures are those of the model that was trained on it alone, true relevance is ranked by the click model. `parts` are
 * their records in the order of `signals`. Throws where they were not measured on the same lists.
 */
export function eachSignal(
  signals: readonly string[],
  parts: readonly RunRecord[],
): { metrics: Record<string, number>; curves: RunRecord['curves']; rankings: Rankings } {
  ensure(parts.length === SIGNALS.length, `single-task models need the records of ${SIGNALS.length} runs, got ${parts.length}`);
  const [first] = parts;
  for (const { id, rankings } of parts)
    ensure(rankings && rankings.queries === first.rankings!.queries, `run ${id} was not measured on the lists of ${first.id}`);
  const owner = (task: RankingTask): RunRecord => parts[signals.indexOf(task === 'relevance' ? 'click' : task)];
  const metrics: Record<string, number> = { gapQueries: first.metrics.gapQueries };
  const perQuery: Rankings['perQuery'] = {};
  const curves: RunRecord['curves'] = {};
  for (const task of RANKING_TASKS) {
    const { metrics: own, rankings, curves: drawn } = owner(task);
    for (const [name, value] of Object.entries(own)) if (taskOf(name) === task) metrics[name] = value;
    for (const [name, values] of Object.entries(rankings!.perQuery)) if (taskOf(name) === task) perQuery[name] = values;
    if (drawn[`calibration.${task}`]) curves[`calibration.${task}`] = drawn[`calibration.${task}`];
  }
  return { metrics, curves, rankings: { queries: first.rankings!.queries, perQuery } };
}
