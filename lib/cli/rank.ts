import type { Command } from 'commander';
import { ensure, oneOf, shown } from '../runtime/errors';
import { wholeOf } from './numbers';

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
    .requiredOption('--judgements <file>', 'judged pairs: query_id, query, product_id, grade')
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
  const { readCatalogue, readJudgements } = await import('../data/catalogue');
  const catalogue = await readCatalogue(options.products);
  const judgements = (await readJudgements(options.judgements)).filter(
    ({ split }) => options.split === undefined || split === options.split,
  );
  ensure(judgements.length > 0, `${options.judgements}: no judgement with split ${options.split}`);
  // A product is named without its locale where the judgements do not say one.
  const products = new Map(catalogue.map((product) => [product.productId, product]));
  const missing = judgements.filter(({ productId }) => !products.has(productId));
  ensure(
    missing.length === 0,
    `${options.judgements}: ${missing.length} of ${judgements.length} judged products are not in ${options.products}, the first is ${missing[0]?.productId}`,
  );
  const numbers = new Map<string, number>();
  const pairs = judgements.map(({ query, queryId, productId, grade }) => {
    if (!numbers.has(query)) numbers.set(query, numbers.size);
    return { query, queryId: String(queryId ?? numbers.get(query)), productId, grade };
  });
  const { gradedNdcg, rankByBm25, rankByCosine } = await import('../train/zero-shot');
  const { now } = await import('../runtime/clock');
  const bm25 = rankByBm25(pairs, products, fields);
  let ranked = bm25;
  let speed = '';
  if (by === 'cosine') {
    const { resolveWeights } = await import('../encoder/weights');
    const { loadSentenceEncoder } = await import('../train/embed');
    const { progress } = await import('../runtime/progress');
    const encoder = loadSentenceEncoder((await resolveWeights(options.from)).folder);
    const bar = progress('texts', new Set(pairs.flatMap((p) => [p.query, p.productId])).size);
    const started = now();
    try {
      const onProgress = (done: number): void => bar.update(done);
      ranked = await rankByCosine(encoder, pairs, products, fields, { maxLength, batch, precision, onProgress });
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
    `${pairs.length} pairs of ${numbers.size} queries, ${new Set(pairs.map((p) => p.productId)).size} products; text: ${fields.join(', ')}`,
    `nDCG@10 over the ${own.scored} queries with two or more rows and a positive grade (grades as linear gains):`,
    ...(by === 'cosine' ? [`  cosine of ${options.from}  ${figure(ranked.scores)}`] : []),
    `  BM25  ${figure(bm25.scores)}`,
    `  random order  ${own.random.toFixed(3)}`,
  ];
  process.stdout.write(lines.join('\n') + '\n');
  process.stderr.write(speed);
}

function scoresText(path: string, pairs: readonly { queryId: string; productId: string }[], scores: ArrayLike<number>): string {
  const quoted = (id: string): string => (/[",\n\r]/.test(id) ? `"${id.replaceAll('"', '""')}"` : id);
  if (path.endsWith('.jsonl'))
    return pairs
      .map((p, i) => JSON.stringify({ query_id: p.queryId, product_id: p.productId, score: scores[i] }) + '\n')
      .join('');
  return [
    'query_id,product_id,score',
    ...pairs.map((p, i) => `${quoted(p.queryId)},${quoted(p.productId)},${scores[i]}`),
    '',
  ].join('\n');
}
