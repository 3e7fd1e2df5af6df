import type { Command } from 'commander';
import { csvCell } from '../data/quotes';
import type { Product } from '../data/types';
import type { GradedPair } from '../train/zero-shot';
import { ensure, oneOf, shown } from '../runtime/errors';
import { wholeOf } from './numbers';
import { checkOutputFile } from './outputs';

interface Options {
  from: string;
  products: string;
  judgements: string;
  text: string;
  by: string;
  maxLength: string;
  batch: string;
  precision: string;
  split?: string;
  out: string;
}

/** `rank`: scores judged products for their queries by an encoder's cosine (or BM25), with nothing trained on the judgements. */
export function registerRank(program: Command): void {
  program
    .command('rank')
    .description("rank judged products by the cosine of an encoder's sentence vectors; writes query_id, product_id, score")
    .option('--from <name>', 'known weights or a model folder', 'all-minilm-l6-v2')
    .requiredOption('--products <file>', 'the catalogue: product_id, product_locale, product_title, … (parquet, CSV, JSON lines)')
    .requiredOption(
      '--judgements <file>',
      'judged pairs: query_id, query, product_id, grade (product_locale and split are used where they are there)',
    )
    .option('--text <fields>', "the product's text: title, brand, color, bullets, description", 'title')
    .option('--by <how>', 'cosine or bm25', 'cosine')
    .option('--max-length <tokens>', 'texts are cut to this many tokens', '64')
    .option('--batch <texts>', 'texts of a batch', '32')
    .option('--precision <p>', 'f32 or bf16', 'f32')
    .option('--split <name>', 'only the judgements whose column split has this value')
    .requiredOption('--out <file>', 'where the scores go: .csv, or .jsonl')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { PRODUCT_FIELDS } = await import('../text/fields');
  const fields = options.text.split(',').map((field) => oneOf('--text', field.trim(), PRODUCT_FIELDS));
  const by = oneOf('--by', options.by, ['cosine', 'bm25'] as const);
  const precision = oneOf('--precision', options.precision, ['f32', 'bf16'] as const);
  const maxLength = wholeOf('--max-length', options.maxLength, 3, 8192);
  const batch = wholeOf('--batch', options.batch, 1, 4096);
  ensure(/\.(csv|jsonl)$/.test(options.out), `--out must end in .csv or .jsonl, got ${shown(options.out)}`);
  checkOutputFile('--out', options.out, { '--products': options.products, '--judgements': options.judgements });
  const { pairs, products } = await readPairs(options);
  const { gradedNdcg, rankByBm25, rankByCosine } = await import('../train/zero-shot');
  const { now } = await import('../runtime/clock');
  const keyed = pairs.map((pair) => ({ ...pair, productId: pair.key }));
  const bm25 = rankByBm25(keyed, products, fields);
  gradedNdcg(pairs, bm25.scores); // judgements that can tell no ranker from another are refused before anything is encoded or written
  let ranked = bm25;
  let speed = '';
  if (by === 'cosine') {
    const { resolveWeights } = await import('../encoder/weights');
    const { loadSentenceEncoder } = await import('../train/embed');
    const { progress } = await import('../runtime/progress');
    const encoder = loadSentenceEncoder((await resolveWeights(options.from)).folder);
    const bar = progress('texts', new Set(pairs.flatMap((p) => [p.query, p.key])).size);
    const started = now();
    try {
      const onProgress = (done: number): void => bar.update(done);
      ranked = await rankByCosine(encoder, keyed, products, fields, { maxLength, batch, precision, onProgress });
    } finally {
      bar.stop();
    }
    const seconds = (now() - started) / 1000;
    const rate = (n: number): string => Math.round(n / seconds).toLocaleString('en-US');
    speed = `encoded ${ranked.texts} texts in ${seconds.toFixed(1)} s: ${rate(ranked.texts)} texts/s, ${rate(ranked.tokens)} tokens/s (${precision}, recording included)\n`;
  }
  const { writeFileAtomic } = await import('../runtime/files');
  writeFileAtomic(options.out, scoresText(options.out, pairs, ranked.scores));
  const own = gradedNdcg(pairs, ranked.scores);
  const figure = (scores: ArrayLike<number>): string => {
    const [mean, stable] = (['average', 'order'] as const).map((ties) => gradedNdcg(pairs, scores, { ties }).value.toFixed(3));
    return mean === stable ? mean : `${mean} (equal scores averaged; ${stable} with ties in the order of the judgements)`;
  };
  const lines = [
    `${pairs.length} pairs of ${own.queryIds.length} queries, ${new Set(pairs.map((p) => p.key)).size} products; text: ${fields.join(', ')}`,
    `nDCG@10 over the ${own.scored} queries with two or more rows and a positive grade (grades as linear gains):`,
    ...(by === 'cosine' ? [`  cosine of ${options.from}  ${figure(ranked.scores)}`] : []),
    `  BM25  ${figure(bm25.scores)}`,
    `  random order  ${own.random.toFixed(3)}`,
  ];
  process.stdout.write(lines.join('\n') + '\n');
  process.stderr.write(speed);
}

/** A judged pair; `key` names its product by locale and id. */
type Pair = GradedPair & { key: string };

/**
 * The judged pairs and the catalogue by `key`. Ids are kept as they are written; without a column query_id queries are numbered in the order in which they appear. A
 * file that `score` would refuse (a row that cannot be used, a pair judged twice) is refused here; rows of the catalogue that cannot be used are told on stderr.
 */
async function readPairs({
  judgements: path,
  products: catalogueFile,
  split,
}: Options): Promise<{ pairs: Pair[]; products: Map<string, Product> }> {
  const { judgedProduct, productsByKey, readCatalogue, readJudgements } = await import('../data/catalogue');
  const { productKey } = await import('../data/parse-row');
  const { ReadReport } = await import('../data/report');
  const reports = { products: new ReadReport(), judgements: new ReadReport() };
  const catalogue = await readCatalogue(catalogueFile, reports.products);
  if (reports.products.summary()) process.stderr.write(`${catalogueFile}: rows left out: ${reports.products.summary()}\n`);
  const judgements = await readJudgements(path, reports.judgements, { split });
  const unusable = reports.judgements.summary();
  ensure(!unusable, `${path}: every row must be usable, but ${unusable}`);
  const productFor = judgedProduct(catalogue);
  const missing = judgements.filter((judgement) => !productFor(judgement));
  ensure(
    missing.length === 0,
    `${path}: ${missing.length} of ${judgements.length} judged products are not in ${catalogueFile}, the first is ${missing[0]?.productId}${missing[0]?.locale ? ` (${missing[0].locale})` : ''}`,
  );
  const named = judgements.filter(({ queryId }) => queryId !== undefined).length;
  ensure(
    named === 0 || named === judgements.length,
    `${path}: query_id must stand in every row or in none, got ${judgements.length - named} rows without, the first is of query ${shown(judgements.find(({ queryId }) => queryId === undefined)?.query)}`,
  );
  const numbers = new Map<string, number>();
  const seen = new Set<string>();
  const pairs = judgements.map((judgement) => {
    const { query, productId, grade } = judgement;
    if (!numbers.has(query)) numbers.set(query, numbers.size);
    const queryId = judgement.queryId ?? String(numbers.get(query));
    const pair = JSON.stringify([queryId, productId]);
    ensure(!seen.has(pair), `${path}: duplicate pair query_id ${queryId}, product_id ${productId}: expected one row`);
    seen.add(pair);
    return { query, queryId, productId, grade, key: productKey(productFor(judgement)!.locale, productId) };
  });
  return { pairs, products: productsByKey(catalogue) };
}

function scoresText(path: string, pairs: readonly { queryId: string; productId: string }[], scores: ArrayLike<number>): string {
  if (path.endsWith('.jsonl'))
    return pairs
      .map((p, i) => JSON.stringify({ query_id: p.queryId, product_id: p.productId, score: scores[i] }) + '\n')
      .join('');
  return [
    'query_id,product_id,score',
    ...pairs.map((p, i) => `${csvCell(p.queryId)},${csvCell(p.productId)},${scores[i]}`),
    '',
  ].join('\n');
}
