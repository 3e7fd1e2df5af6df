import type { RunRecord } from '../experiments/record';
import type { StoredRecord } from '../experiments/store';
import { metricsOf } from '../metrics/named';
import { configHash } from '../runtime/hash';
import { fillTables } from './collect';
import { briefMarkdown } from './formats/brief';
import { tableMarkdown } from './formats/markdown';

/** What a record says and what its own contents give. */
export interface Drift {
  where: string;
  what: string;
}

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

// A block's first line names its table, scale and data set, and may ask for the brief form; all up to the closing comment is rendered from records.
const BLOCK = /(<!-- table:(\S+) (\S+) (\S+)( brief)? -->\n)([\s\S]*?)(<!-- \/table -->)/g;

/** A document with its table blocks rendered anew, and what differed: text between `<!-- table:5 small generated -->` and `<!-- /table -->`. */
export function renderBlocks(
  text: string,
  name: string,
  records: readonly RunRecord[],
): { text: string; drift: Drift[]; blocks: number } {
  const drift: Drift[] = [];
  let blocks = 0;
  const rendered = text.replace(
    BLOCK,
    (whole, open: string, table: string, scale: string, data: string, brief: string | undefined, body: string, close: string) => {
      blocks++;
      const [found] = fillTables(records, { table, scale, data });
      if (!found) {
        drift.push({ where: name, what: `table ${table} at scale ${scale} on ${data}: no records fill it` });
        return whole;
      }
      const fresh = `\n${(brief ? briefMarkdown : tableMarkdown)(found.table)}\n`;
      if (fresh !== body)
        drift.push({ where: name, what: `table ${table} at scale ${scale} on ${data} differs from its records` });
      return open + fresh + close;
    },
  );
  return { text: rendered, drift, blocks };
}
