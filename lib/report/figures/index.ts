import type { RowRuns } from '../../experiments/record';
import { shortTitle } from '../formats/grid';
import type { RenderedTable } from '../rendered';
import { calibrationFigure } from './calibration';
import { classFigure, localeFigure } from './classes';
import { curveFigure, curveNames } from './curves';
import type { Figure } from './figure';
import { forestFigure } from './forest';
import { noiseFigure } from './noise';

/** Every figure that a table's records can fill, the forest plot of changes first. At most `curves` (4) recorded curves are drawn. */
export function tableFigures(table: RenderedTable, rows: readonly RowRuns[], curves = 4): Figure[] {
  const title = shortTitle(table);
  return [
    forestFigure(table),
    ...curveNames(rows)
      .slice(0, curves)
      .map((name) => curveFigure(rows, name, title)),
    classFigure(rows, title),
    localeFigure(rows, title),
    calibrationFigure(rows, title),
    noiseFigure(rows, title),
  ].filter((f) => f !== undefined);
}
