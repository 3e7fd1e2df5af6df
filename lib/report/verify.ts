import type { RunRecord } from '../experiments/record';
import type { StoredRecord } from '../experiments/store';
import { metricsOf } from '../metrics/named';
import { configHash } from '../runtime/hash';
import { ensure, shown } from '../runtime/errors';
import { renderKind, type Drift, type RenderedBlocks } from './blocks';
import { fillTables } from './collect';
import { briefMarkdown } from './formats/brief';
import { shortTitle } from './formats/grid';
import { gridMarkdown, tableMarkdown } from './formats/markdown';
import { noteMarkdown } from './formats/notes';
import { guideMarkdown } from './guide';
import { ownNotes } from './notes';
import { glance } from './sentences';
import { sweepGrid, sweepPoints } from './sweep-views';

/** How far a metric may lie from its recomputation: none for those of labels, the rounding of stored probabilities for the others. */
const TOLERANCE = { exact: 1e-9, rounded: 2e-3 };

/**
 * Checks records against themselves: the id is the hash of the experiment, the data named twice agrees, the evaluation rows are as many as
 * predicted, and every metric that predictions decide is computed again by other code than the run's.
 */
export function verifyRecords(stored: readonly StoredRecord[]): Drift[] {
  return stored.flatMap(({ path, record }) => verifyRecord(record).map((what) => ({ where: path, what })));
}

function verifyRecord(record: RunRecord): string[] {
  const drift: string[] = [];
  const id = configHash(record.experiment);
  if (id !== record.id) drift.push(`id is ${record.id}, its experiment hashes to ${id}`);
  const { data, experiment, predictions } = record;
  if (data.sha256 !== experiment.data.sha256 || data.name !== experiment.data.name)
    drift.push('data and experiment.data name different data');
  for (const [name, values] of Object.entries(record.rankings?.perQuery ?? {})) {
    const known = values.filter((v) => v !== null);
    const value = known.reduce((x, y) => x + y, 0) / known.length;
    if (!(Math.abs(record.metrics[name] - value) <= TOLERANCE.exact))
      drift.push(`metric ${name} is ${record.metrics[name]}, its queries give ${value}`);
  }
  if (!predictions) return drift;
  if (predictions.given.length !== data.evaluation) {
    drift.push(`${predictions.given.length} rows predicted, data.evaluation says ${data.evaluation}`);
  }
  for (const [name, { value, tolerance }] of Object.entries(recomputed(record))) {
    const said = record.metrics[name];
    if (said === undefined || Math.abs(said - value) <= tolerance) continue;
    drift.push(`metric ${name} is ${said}, its predictions give ${value}`);
  }
  return drift;
}

/** The metrics that a record's predictions decide, under the names that runs give them. */
function recomputed(record: RunRecord): Record<string, { value: number; tolerance: number }> {
  const predictions = record.predictions!;
  const { given, predicted, truth, classes } = predictions;
  const named = metricsOf(predictions);
  const out: Record<string, { value: number; tolerance: number }> = {};
  const put = (name: string, value: number | undefined, tolerance: number): void => {
    if (value !== undefined && Number.isFinite(value)) out[name] = { value, tolerance };
  };
  put('microF1', named.microF1, TOLERANCE.exact);
  put('macroF1', named.macroF1, TOLERANCE.exact);
  if (truth) put('trueMicroF1', metricsOf(predictions, 'truth').microF1, TOLERANCE.exact);
  for (const letter of classes === 4 ? 'ESCI' : '') {
    const of = [...given].map((g, i) => (g === letter ? Number(predicted[i] === letter) : -1)).filter((x) => x >= 0);
    put(`recall${letter}`, of.length ? of.reduce((a, b) => a + b, 0) / of.length : 0, TOLERANCE.exact);
  }
  const counts = new Map<string, number>();
  for (const letter of given) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  put('majorityShare', Math.max(...counts.values()) / given.length, TOLERANCE.exact);
  const rounded = Math.max(TOLERANCE.rounded, 2 / given.length);
  put('logLoss', named.logLoss, 10 * rounded);
  put('calibrationError', named.ece, 5 * rounded);
  put('ndcg', named.ndcg, rounded);
  put('ndcg10', named.ndcg10, TOLERANCE.exact);
  if (classes === 4) {
    put('exactAuc', named.auc, rounded);
    put('exactAccuracy', named.exactAccuracy, rounded);
  }
  return out;
}

/**
 * A document with its table blocks rendered anew, and what differed: text between `<!-- table:5 small generated -->` and `<!-- /table -->`. The first line names
 * table, scale and data set, and may ask for the `brief` form. Where the document has a guide, notes that the guide has are left out below the tables.
 */
export function renderBlocks(text: string, where: string, records: readonly RunRecord[]): RenderedBlocks {
  const guided = GUIDE.test(text);
  return renderKind(text, where, 'table', (table, scale, data, form) => {
    const name = `table ${table} at scale ${scale} on ${data}`;
    ensure(form === undefined || form === 'brief', `${name}: a block's form must be brief or left out, got ${shown(form)}`);
    const [found] = fillTables(records, { table, scale, data });
    ensure(found, `${name}: no records fill it`);
    const { table: filled } = found;
    if (form) return { name, fresh: briefMarkdown(filled) };
    return { name, fresh: tableMarkdown(filled, guided ? ownNotes(filled) : filled.notes) };
  });
}

/** A document with its sweep blocks rendered anew (`<!-- sweep:demo -->` to `<!-- /sweep -->`): confident learning's removal at a scale, over noise and share removed. */
export function renderSweeps(text: string, where: string, records: readonly RunRecord[]): RenderedBlocks {
  return renderKind(text, where, 'sweep', (scale) => {
    const points = sweepPoints(records.filter(({ experiment }) => experiment.scale === scale));
    ensure(points.length, `sweep at scale ${scale}: no records fill it`);
    return { name: `sweep at scale ${scale}`, fresh: gridMarkdown(sweepGrid(points)).join('\n') };
  });
}

/** A document with its glance block rendered anew (`<!-- glance:tables -->` to `<!-- /glance -->`): a line for each of its tables that says which changes are clear. */
export function renderGlance(text: string, where: string, records: readonly RunRecord[]): RenderedBlocks {
  return renderKind(text, where, 'glance', (what) => {
    ensure(what === 'tables', `glance: must be of tables, got ${shown(what)}`);
    const lines = [...text.matchAll(/<!-- table:(\S+) (\S+) (\S+) -->/g)].map(([, table, scale, data]) => {
      const [found] = fillTables(records, { table, scale, data });
      ensure(found, `glance: no records fill table ${table} at scale ${scale} on ${data}`);
      return `- **${shortTitle(found.table)}**, ${scale}, ${data}. ${glance(found.table).map(noteMarkdown).join(' ')}`;
    });
    return { name: 'the tables at a glance', fresh: lines.join('\n') };
  });
}

const GUIDE = /<!-- guide:tables -->/;

/** A document with its guide block rendered anew (`<!-- guide:tables -->` to `<!-- /guide -->`): how to read the tables. */
export function renderGuide(text: string, where: string): RenderedBlocks {
  return renderKind(text, where, 'guide', (what) => {
    ensure(what === 'tables', `guide: must be of tables, got ${shown(what)}`);
    return { name: 'the guide to the tables', fresh: guideMarkdown() };
  });
}
