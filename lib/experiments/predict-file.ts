import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duck, foldOf, readDataset } from '../data';
import { literal } from '../data/duck';
import type { Row, Split } from '../data/types';
import { predictionColumns, writePredictions } from '../metrics/prediction-output';
import { ensure, shown } from '../runtime/errors';
import { replaceAtomically } from '../runtime/files';
import type { EncoderStart, FinetuneConfig } from './config';
import { isOfTask } from './dataset';
import { rankingScores } from './metrics';
import { modelRecord, Predictor } from './model-folder';
import { localesOf } from './start';

export interface PredictFileOptions {
  /** A folder that `finetune` wrote. */
  model: string;
  /** A file or folder in the ESCI schema; labels may be missing. */
  data: string;
  /** `.csv`, `.jsonl` or `.parquet`. */
  out: string;
  split?: Split;
  /** Rows of a batch. */
  batch?: number;
}

/**
 * Writes a model's predictions of a file's rows: query_id, product_id and the probabilities p_E … p_I (task 2), p_substitute (task 3), or a score, the expected
 * gain (task 1). Every row is predicted, whichever version of the data it belongs to. Returns how many rows, how many of them the model was
 * trained on, as far as its record tells (the same file), and how many could not be used by reason.
 */
export async function predictFile(
  options: PredictFileOptions,
): Promise<{ rows: number; seen: number; skipped: Record<string, number> }> {
  const { out, split } = options;
  ensure(/\.(csv|jsonl|parquet)$/.test(out), `--out must end in .csv, .jsonl or .parquet, got ${shown(out)}`);
  const predictor = Predictor.load(options.model);
  const { task } = predictor.config;
  const { rows: all, sha256, skipped } = await readDataset(options.data, { labels: 'optional' });
  const rows = all.filter((row) => split === undefined || row.split === split);
  ensure(rows.length > 0, `${options.data} has no rows of split ${split}`);
  const probabilities = await predictor.predict(rows, options.batch);
  const numbers = new Map<number, number>();
  const query = Int32Array.from(rows, ({ queryId }) => {
    if (!numbers.has(queryId)) numbers.set(queryId, numbers.size);
    return numbers.get(queryId)!;
  });
  const combined = task === 1 ? rankingScores(probabilities, predictor.outputs) : Float64Array.from(probabilities);
  const aligned = {
    rows: rows.length,
    query,
    queryIds: [...numbers.keys()].map(String),
    productIds: rows.map((row) => row.productId),
    numbers: {},
    texts: {},
    extra: {},
  };
  if (!out.endsWith('.parquet')) writePredictions(task, out, aligned, combined);
  else await asParquet(out, predictionColumns(task), (path) => writePredictions(task, path, aligned, combined));
  return { rows: rows.length, seen: await seenRows(options.model, sha256, rows), skipped };
}

/** How many rows a model was trained on: those of the file that its record names, of its split and task, outside the fold that it held out, in the locales that it reads. */
async function seenRows(model: string, file: string, rows: readonly Row[]): Promise<number> {
  const record = modelRecord(model);
  if (record?.data.sha256 !== file) return 0;
  const { fold, folds, config } = record.experiment;
  const { task, start } = config as unknown as FinetuneConfig;
  const { split } = record.data;
  const locales = await localesOf({ ...start, name: model } as EncoderStart);
  return rows.filter(
    (row) =>
      (split === undefined || row.split === split) &&
      isOfTask(row, task, locales) &&
      foldOf(row.locale, row.query, folds) !== fold,
  ).length;
}

/** Writes JSON lines by `write` and turns them into a parquet file, which appears whole or not at all. Types are said: DuckDB would guess them, and write ids anew. */
async function asParquet(out: string, names: readonly string[], write: (path: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'predict-'));
  const duck = await Duck.open();
  try {
    const lines = join(folder, 'rows.jsonl');
    write(lines);
    const types = ['query_id', 'product_id', ...names].map(
      (name) => `${literal(name)}: '${/^(p_|score)/.test(name) ? 'DOUBLE' : 'VARCHAR'}'`,
    );
    const rows = `read_json(${literal(lines)}, format = 'newline_delimited', columns = {${types.join(', ')}})`;
    await replaceAtomically(out, (temporary) =>
      duck.run(`COPY (SELECT * FROM ${rows}) TO ${literal(temporary)} (FORMAT parquet)`),
    );
  } finally {
    duck.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
