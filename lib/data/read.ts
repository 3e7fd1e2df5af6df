import { basename } from 'node:path';
import { ensure } from '../runtime/errors';
import { PRODUCT_KEY, PRODUCT_TEXT } from './columns';
import { literal } from './duck';
import { type SourceInput } from './files';
import { JudgementParser, parseProduct, productKey, productText, type Judgement } from './parse-row';
import { ReadReport } from './report';
import { readable } from './scan';
import { openStage, rawJudgements, rawRows, type ReadFilters, type Stage } from './stage';
import type { Dataset, Product, Row } from './types';

const TEXT = Object.keys(PRODUCT_TEXT);
/** Judgements read from DuckDB at once, and catalogue rows. */
const CHUNK = 16384;
/** Text of products held at once while streaming a pair of files. */
const PASS_BYTES = 192 << 20;
const NO_PRODUCT = 'product not in the products file';
const NO_TEXT: Omit<Product, 'productId' | 'locale'> = { title: '', description: '', bullets: '', brand: '', color: '' };

/**
 * Reads a data set into memory: a folder or a file, or upstream's pair of files joined on product_id and locale, as parquet, CSV or JSON lines, also gzip or zstd.
 * Columns are upstream's; missing ones default to: example_id the row's number, query_id a hash of the query, both versions true, split train, text empty.
 * Rows that cannot be used are in `skipped` by reason and in `skippedRows`. Throws InputError where a file is no such table, or no row of it can be used.
 */
export async function readDataset(source: SourceInput, filters: ReadFilters = {}): Promise<Dataset> {
  const report = new ReadReport();
  const stage = await openStage(source, filters, report);
  try {
    const catalogue = new Map<string, Product>();
    const judgedOnly = (filters.catalogue ?? (filters.sampleQueries ? 'judged' : 'all')) === 'judged';
    if (!stage.joined) await loadCatalogue(stage, filters, judgedOnly, catalogue);
    const rows: Row[] = [];
    for await (const chunk of judgements(stage)) {
      for (const { judgement, row, own } of chunk) {
        const joined = stage.joined ? share(catalogue, judgement, own!) : join(stage, filters, judgement, row, catalogue);
        if (joined) rows.push(joined);
      }
    }
    ensureRows(stage, rows.length, filters);
    const { name } = stage.files;
    const { skipped, skippedRows } = report;
    return { name, sha256: stage.sha256, rows, products: [...catalogue.values()], skipped, skippedRows };
  } finally {
    stage.duck.close();
  }
}

/**
 * The rows of a data set in bounded memory, `chunk` at a time, in the file's order: for files that do not fit. A pair of files is joined in passes: each
 * takes as many judgements as their products' text fits into 192 MB and scans the products once. `report` (optional) collects what was skipped.
 */
export async function* streamRows(
  source: SourceInput,
  filters: ReadFilters = {},
  chunk = 8192,
  report: ReadReport = new ReadReport(),
): AsyncGenerator<Row[], void, void> {
  ensure(Number.isSafeInteger(chunk) && chunk > 0, `chunk must be a whole number ≥ 1, got ${chunk}`);
  const stage = await openStage(source, filters, report);
  try {
    let used = 0;
    let waiting: Row[] = [];
    for await (const rows of stage.joined ? joinedRows(stage) : passes(stage, filters)) {
      used += rows.length;
      waiting = waiting.length ? waiting.concat(rows) : rows;
      let at = 0;
      for (; waiting.length - at >= chunk; at += chunk) yield waiting.slice(at, at + chunk);
      waiting = waiting.slice(at);
    }
    if (waiting.length) yield waiting;
    ensureRows(stage, used, filters);
  } finally {
    stage.duck.close();
  }
}

interface Parsed {
  judgement: Judgement;
  row: number;
  /** The line's own product text, where one file holds everything. */
  own?: Omit<Product, 'productId' | 'locale'>;
}

async function* judgements(stage: Stage, from = 0, to = stage.count, parser = parserOf(stage)): AsyncGenerator<Parsed[]> {
  for (let at = from; at < to; at += CHUNK) {
    for await (const lines of rawJudgements(stage, at, Math.min(to, at + CHUNK))) {
      const chunk: Parsed[] = [];
      for (const { raw, row } of lines) {
        const judgement = parser.parse(raw, row);
        if (judgement) chunk.push({ judgement, row, ...(stage.joined && { own: productText(raw) }) });
      }
      yield chunk;
    }
  }
}

const parserOf = (stage: Stage): JudgementParser =>
  new JudgementParser(basename(stage.files.examples), stage.columns, stage.report);

async function* joinedRows(stage: Stage): AsyncGenerator<Row[]> {
  for await (const chunk of judgements(stage)) yield chunk.map(({ judgement, own }) => ({ ...judgement, ...own! }));
}

async function* passes(stage: Stage, filters: ReadFilters): AsyncGenerator<Row[]> {
  const parser = parserOf(stage);
  const perPass = await judgementsPerPass(stage);
  for (let from = 0; from < stage.count; from += perPass) {
    const to = Math.min(stage.count, from + perPass);
    const catalogue = new Map<string, Product>();
    await loadCatalogue(stage, {}, true, catalogue, `rowid >= ${from} AND rowid < ${to}`);
    for await (const chunk of judgements(stage, from, to, parser))
      yield chunk.flatMap(({ judgement, row }) => join(stage, filters, judgement, row, catalogue) ?? []);
  }
}

/** How many judgements a pass may hold, from the mean length of a thousand products. */
async function judgementsPerPass({ duck }: Stage): Promise<number> {
  const length = TEXT.map((name) => `coalesce(strlen(${name}), 0)`).join(' + ');
  const mean = await duck.number(`SELECT coalesce(avg(${length}), 0) FROM (SELECT * FROM catalogue LIMIT 1000)`);
  return Math.max(2000, Math.min(500_000, Math.floor(PASS_BYTES / (mean + 200))));
}

/** Puts the catalogue (filtered by locale), or only what the given judgements name, into `into`. The first of repeated products stays. */
async function loadCatalogue(
  stage: Stage,
  filters: ReadFilters,
  judgedOnly: boolean,
  into: Map<string, Product>,
  range = 'true',
): Promise<void> {
  const { duck, files, report } = stage;
  const names = [...PRODUCT_KEY, ...TEXT, 'wrong'];
  const file = files.products!;
  const others = filters.locales && `lower(trim(product_locale)) IN (${filters.locales.map(literal).join(', ')})`;
  const semi =
    `SEMI JOIN (SELECT DISTINCT trim(product_id) AS id, lower(trim(product_locale)) AS locale FROM judged WHERE ${range}) AS named ` +
    `ON trim(catalogue.product_id) = named.id AND lower(trim(catalogue.product_locale)) = named.locale`;
  const first = new Map<string, number>();
  const take = async (from: string): Promise<void> => {
    for await (const lines of rawRows(duck, names, from))
      for (const { raw, row } of lines) {
        const product = parseProduct(raw);
        if ('reason' in product) {
          if (!judgedOnly) report.skip(basename(file), row, product.reason, product.got);
          continue;
        }
        const key = productKey(product.locale, product.productId);
        const earlier = first.get(key);
        if (earlier === undefined || row < earlier) {
          first.set(key, row);
          into.set(key, product);
        }
        if (earlier !== undefined)
          report.skip(basename(file), Math.max(row, earlier), 'product listed twice (first kept)', product.productId);
      }
  };
  if (judgedOnly) return readable(file, () => take(`catalogue ${semi}`));
  const from = `catalogue${others ? ` WHERE ${others} OR lower(trim(product_locale)) NOT IN ('us', 'es', 'jp')` : ''}`;
  const total = await duck.number('SELECT coalesce(max(row), -1) + 1 FROM catalogue');
  const step = CHUNK * 8;
  for (let at = 0; at < total; at += step)
    await readable(file, () => take(`(SELECT * FROM ${from}) WHERE row >= ${at} AND row < ${at + step}`));
}

function join(
  stage: Stage,
  filters: ReadFilters,
  judgement: Judgement,
  row: number,
  catalogue: ReadonlyMap<string, Product>,
): Row | null {
  const product = catalogue.get(productKey(judgement.locale, judgement.productId));
  if (product) return { ...judgement, ...product };
  if (filters.text === 'optional') return { ...judgement, ...NO_TEXT };
  stage.report.skip(basename(stage.files.examples), row, NO_PRODUCT, judgement.productId);
  return null;
}

/** A row of a joined file; where its text equals the product's first text the strings are shared, so that memory holds them once. */
function share(catalogue: Map<string, Product>, judgement: Judgement, own: Omit<Product, 'productId' | 'locale'>): Row {
  const { productId, locale } = judgement;
  const key = productKey(locale, productId);
  const known = catalogue.get(key);
  if (!known) catalogue.set(key, { productId, locale, ...own });
  else if ((Object.keys(own) as (keyof typeof own)[]).every((field) => known[field] === own[field]))
    return { ...judgement, ...known };
  return { ...judgement, ...own };
}

function ensureRows({ files, report, count }: Stage, used: number, filters: ReadFilters): void {
  if (used) return;
  const given = Object.entries(filters).filter(
    ([name, value]) => value !== undefined && !['text', 'catalogue', 'labels'].includes(name),
  );
  ensure(count > 0 || !given.length, `${files.examples}: no row fits the filters ${given.map(([name]) => name).join(', ')}`);
  ensure(false, `${files.examples}: none of its ${count} rows can be used: ${report.summary()}`);
}
