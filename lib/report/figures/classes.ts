import { LABELS, LOCALES } from '../../data/types';
import type { Predictions, RowRuns } from '../../experiments/record';
import { f1Scores } from '../../metrics/f1';
import { decodePredictions } from '../../metrics/predictions';
import { mean, sd } from '../change';
import { classWords } from '../class-names';
import { plural } from '../numbers';
import { barsFigure } from './bars';
import type { Figure } from './figure';

/** F1 of each class (×100), a bar per row of the table: mean ± sd over runs. Classes that no evaluation row has are left out. */
export function classFigure(rows: readonly RowRuns[], title: string): Figure | undefined {
  const predictions = rows.flatMap((r) => r.runs.flatMap((run) => (run.predictions ? [run.predictions] : [])));
  if (!predictions.length || new Set(predictions.map((p) => p.classes === 2)).size > 1) return undefined;
  const two = predictions[0].classes === 2;
  const present = (two ? (['E', 'S'] as const) : LABELS).filter((l) => predictions.some((p) => p.given.includes(l)));
  const names = present.map((l) => classWords(l, predictions[0].classes));
  return grouped(rows, `${title}: F1 of each class`, 'F1 ×100', names, (one) => {
    const { given, predicted } = decodePredictions(one);
    const { perClass } = f1Scores(given, predicted, two ? 2 : LABELS.length);
    return present.map((l) => 100 * perClass[LABELS.indexOf(l)].f1);
  });
}

/** Micro-F1 (×100) within each locale, a bar per row of the table: mean ± sd over runs. */
export function localeFigure(rows: readonly RowRuns[], title: string): Figure | undefined {
  const present = LOCALES.filter((l) => rows.some((r) => r.runs.some((run) => run.predictions?.locale.includes(l[0]))));
  if (present.length < 2) return undefined;
  return grouped(rows, `${title}: micro-F1 of each locale`, 'micro-F1 ×100', present, (predictions) =>
    present.map((l) => {
      let right = 0;
      let all = 0;
      for (let i = 0; i < predictions.locale.length; i++) {
        if (predictions.locale[i] !== l[0]) continue;
        all++;
        if (predictions.given[i] === predictions.predicted[i]) right++;
      }
      return (100 * right) / all;
    }),
  );
}

function grouped(
  rows: readonly RowRuns[],
  title: string,
  y: string,
  categories: readonly string[],
  measure: (predictions: Predictions) => number[],
): Figure | undefined {
  const series = rows.flatMap(({ row, runs }) => {
    const measured = runs.flatMap((r) => (r.predictions ? [measure(r.predictions)] : []));
    if (!measured.length) return [];
    const values = categories.map((_, c) => {
      const one = measured.map((m) => m[c]).filter(Number.isFinite);
      return { value: mean(one), sd: one.length > 1 ? sd(one) : undefined };
    });
    return [{ name: row.label, runs: measured.length, values }];
  });
  // Means over other seeds are not the same thing: how many runs each is of stands in the legend.
  const uneven = new Set(series.map(({ runs }) => runs)).size > 1;
  const named = series.map(({ name, runs, values }) => ({ name: uneven ? `${name} (${plural(runs, 'run')})` : name, values }));
  const said = named.map(
    (s) =>
      `${s.name}: ${s.values.map((v, c) => `${categories[c]} ${Number.isFinite(v.value) ? v.value.toFixed(1) : '–'}`).join(', ')}`,
  );
  return barsFigure(named, { title, y, categories, alt: `${y}. ${said.join('; ')}.` });
}
