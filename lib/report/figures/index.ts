import type { RowRuns } from '../../experiments/record';
import { besideView } from '../beside-view';
import { shortTitle } from '../formats/grid';
import { EXACT_AUC, type RenderedTable } from '../rendered';
import { calibrationFigure } from './calibration';
import { classFigure, localeFigure } from './classes';
import { curveFigure, curveNames } from './curves';
import type { Figure } from './figure';
import { forestFigure } from './forest';
import { localePanels } from '../leaderboard-views';
import { rankingFigures } from '../ranking-views';
import { noiseFigure } from './noise';

/** Every figure that a table's records can fill, the forest plot of changes first. At most `curves` (4) recorded curves are drawn. */
export function tableFigures(table: RenderedTable, rows: readonly RowRuns[], curves = 4): Figure[] {
  const title = shortTitle(table);
  // Letters of graded rows are no classes: what they show is the forest.
  if (rows.some(({ runs }) => runs.some((run) => run.predictions?.grades)))
    return [forestFigure(table)].filter((f) => f !== undefined);
  const few = legible(rows);
  if (rows.some(({ runs }) => runs.some((run) => run.rankings)))
    return [forestFigure(table), ...rankingFigures(rows)].filter((f) => f !== undefined);
  const auc = besideView(table, EXACT_AUC);
  return [
    forestFigure(table),
    auc && forestFigure(auc),
    ...curveNames(few)
      .slice(0, curves)
      .map((name) => curveFigure(few, name, title)),
    ...classPanels(few, title),
    calibrationFigure(few, title),
    noiseFigure(rows, title),
  ].filter((f) => f !== undefined);
}

/** The changes of a table by what leads in it: AUC of exact where it was measured, unless rows are of several tasks, of which one alone has it. Undefined where no row has a change. */
export function leadingForest(table: RenderedTable): Figure | undefined {
  const auc = table.metric === 'taskMetric' ? undefined : besideView(table, EXACT_AUC);
  return forestFigure(auc ?? table);
}

/** What a table shows by class and by locale. */
export function classPanels(rows: readonly RowRuns[], title: string): Figure[] {
  const few = legible(rows);
  const locales = ranks(few) ? localePanels(few, title) : localeFigure(few, title);
  return [classFigure(few, title), locales].filter((f) => f !== undefined);
}

/** Whether a table ranks: then the classes of its rows say little, their nDCG in each locale does. */
const ranks = (rows: readonly RowRuns[]): boolean => rows.some((r) => r.runs.some((run) => run.metrics.ndcg !== undefined));

/**
 * At most `most` rows, as many as a reader can tell apart by colour: all where they fit, else the first and those the paper has, each with the row it is measured
 * against, for nothing else would show what it changes. Pairs that no longer fit are left out.
 */
function legible(rows: readonly RowRuns[], most = 8): readonly RowRuns[] {
  const run = rows.filter((r) => r.runs.length > 0);
  if (run.length <= most) return run;
  const kept = new Set<string>();
  for (const [i, { row }] of run.entries()) {
    if (i > 0 && !row.paper) continue;
    const pair = [row.against, row.id].filter((id) => run.some((r) => r.row.id === id) && !kept.has(id!));
    if (kept.size + pair.length <= most) for (const id of pair) kept.add(id!);
  }
  return run.filter(({ row }) => kept.has(row.id));
}
