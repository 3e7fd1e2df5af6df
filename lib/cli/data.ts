import type { Command } from 'commander';
import type { CatalogueDescription, DatasetDescription, Quantiles, ReadFilters, RowChunk } from '../data';
import { LOCALES, SPLITS } from '../data/types';
import { ensure, InputError, oneOf, shown } from '../runtime/errors';
import { wholeOf } from './numbers';
import { checkOutputFolder } from './outputs';

interface FilterOptions {
  locales?: string[];
  split?: string;
  dataVersion?: string;
}

/** What both `describe` and `sample` read of a data set. */
const withFilters = (command: Command): Command =>
  command
    .option('--locales <list>', 'only these: us,es,jp', list)
    .option('--split <name>', 'only train or test')
    .option('--data-version <name>', 'only the small or the large version');

function filtersOf({ locales, split, dataVersion }: FilterOptions): ReadFilters {
  return {
    ...(locales && { locales: locales.map((locale) => oneOf('locale', locale, LOCALES)) }),
    ...(split && { split: oneOf('split', split, SPLITS) }),
    ...(dataVersion && { version: oneOf('data-version', dataVersion, ['small', 'large'] as const) }),
  };
}

const list = (value: string): string[] => value.split(',').map((part) => part.trim());

/** `data`: fetch, describe and write data sets. */
export function registerData(program: Command): void {
  const data = program.command('data').description('Fetch, describe, sample and generate data sets');

  data
    .command('fetch')
    .description('Download a public data set named in data/manifest.json; resumes, verifies, and does nothing where it is there')
    .argument('<name>', 'esci: the Shopping Queries Data Set, about 1.2 GB')
    .option('--to <folder>', 'where to put it (default data/raw/<name>)')
    .option('--manifest <file>', 'another manifest')
    .action(async (name: string, options: { to?: string; manifest?: string }) => {
      if (options.to !== undefined) checkOutputFolder('--to', options.to);
      const { fetchDataset } = await import('../data');
      const { progress } = await import('../runtime/progress');
      let bar: { file: string; update: (received: number) => void; stop: () => void } | undefined;
      const show = (file: string, received: number, total = 0): void => {
        if (bar?.file !== file) {
          bar?.stop();
          const drawn = progress(`${file} MB`, Math.ceil(total / 1e6));
          bar = { file, stop: () => drawn.stop(), update: (bytes) => drawn.update(Math.round(bytes / 1e6)) };
        }
        bar.update(received);
      };
      const { folder, files } = await fetchDataset(name, {
        ...(options.to && { folder: options.to }),
        ...(options.manifest && { manifest: options.manifest }),
        onProgress: show,
      }).finally(() => bar?.stop());
      for (const file of files) print(`${file.already ? 'already there' : 'fetched'}  ${file.path}  ${count(file.bytes)} bytes`);
      print(`use it with --data ${folder}`);
    });

  withFilters(data.command('describe'))
    .description(
      'Print what is in a file or folder: rows, queries, locales, labels, missing fields, lengths, duplicates, skipped rows',
    )
    .argument(
      '<path>',
      'a folder with the upstream pair, or a file (parquet, CSV, JSON lines; also .gz and .zst); a name is looked for as by --data of reproduce',
    )
    .option('--products <file>', 'the products file, where <path> is an examples file that lies apart from it')
    .option('--json', 'as JSON')
    .action(async (path: string, options: FilterOptions & { products?: string; json?: boolean }) => {
      const filters = filtersOf(options);
      const { describeData } = await import('../data');
      const { placeOf } = await import('../experiments/dataset');
      const place = placeOf(path) ?? path;
      const description = await describeData(options.products ? { examples: place, products: options.products } : place, filters);
      print(options.json ? JSON.stringify(description, null, 2) : descriptionText(description));
    });

  withFilters(data.command('sample'))
    .description('Write all rows of some queries, with the products that they judge, as the upstream pair of parquet files')
    .argument('<path>', 'what to draw from, as for describe')
    .argument('<folder>', 'where to write')
    .requiredOption(
      '--queries <n>',
      'how many: those with the smallest hash, so a smaller sample lies within a larger',
      whole('--queries'),
    )
    .option('--seed <n>', 'another seed draws others', whole('--seed'), 0)
    .option('--catalogue', 'keep the products that no row of the sample judges, for pre-training')
    .action(async (path: string, folder: string, options: SampleOptions) => {
      const { queries, seed, catalogue } = options;
      const filters = filtersOf(options);
      const { placeOf } = await import('../experiments/dataset');
      const place = placeOf(path) ?? path;
      checkOutputFolder('folder', folder, { path: place });
      const { normalizeQuery, readDataset, writeUpstreamParquet } = await import('../data');
      const sample = { n: queries, key: seed };
      const drawn = await readDataset(place, { ...filters, sampleQueries: sample, catalogue: catalogue ? 'all' : 'judged' });
      const { rows, productCount } = await writeUpstreamParquet(drawn, folder);
      const skipped = Object.values(drawn.skipped).reduce((sum, n) => sum + n, 0);
      const texts = new Set(drawn.rows.map(({ locale, query }) => `${locale}\t${normalizeQuery(query)}`));
      print(
        `${count(rows)} rows of ${count(texts.size)} queries, ${count(productCount)} products in ${folder}${skipped ? `; ${count(skipped)} rows could not be used (data describe)` : ''}`,
      );
    });

  data
    .command('generate')
    .description('Generate a data set whose truth is known and write it as the upstream pair of parquet files')
    .argument('<folder>', 'where to write')
    .option('--world <name>', 'demo, small or smoke', 'demo')
    .option('--queries <n>', 'number of queries (rows are about twelve times as many)', whole('--queries'))
    .option('--seed <n>', 'the key', whole('--seed'), 0)
    .option(
      '--set <name=value>',
      'another generator option, its value as JSON; may be repeated',
      (value, all: string[]) => [...all, value],
      [],
    )
    .action(async (folder: string, options: { world: string; queries?: number; seed: number; set: string[] }) => {
      checkOutputFolder('folder', folder);
      const { generateChunks, resolveOptions, WORLDS } = await import('../data/generate');
      const { writeUpstreamParquet } = await import('../data');
      const { Key } = await import('../runtime/key');
      const { progress } = await import('../runtime/progress');
      const full = resolveOptions({
        ...Object.fromEntries(options.set.map(setting)),
        world: oneOf('world', options.world, WORLDS),
        ...(options.queries !== undefined && { queries: options.queries }),
      });
      const bar = progress('queries', full.queries);
      const chunks = function* (): Generator<RowChunk> {
        for (const chunk of generateChunks(full, Key.from('data').fold(options.seed))) {
          yield chunk;
          bar.update((chunk.rows[chunk.rows.length - 1]?.queryId ?? -1) + 1);
        }
      };
      const written = await writeUpstreamParquet(chunks(), folder).finally(() => bar.stop());
      print(
        `${count(written.rows)} rows, ${count(written.productCount)} products in ${folder} (generated, world ${options.world}, seed ${options.seed})`,
      );
    });
}

interface SampleOptions extends FilterOptions {
  queries: number;
  seed: number;
  catalogue?: boolean;
}

function setting(text: string): [string, unknown] {
  const at = text.indexOf('=');
  ensure(at > 0, `--set must be name=value, got ${shown(text)}`);
  try {
    return [text.slice(0, at), JSON.parse(text.slice(at + 1))];
  } catch {
    throw new InputError(
      `--set ${text.slice(0, at)} must be a JSON value such as 0.1 or [1,2], got ${shown(text.slice(at + 1))}`,
    );
  }
}

const whole =
  (option: string) =>
  (value: string): number =>
    wholeOf(option, value, 0, Infinity);

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const count = (value: number): string => value.toLocaleString('en-US');

/** A description as text: one fact a line, numbers aligned. */
function descriptionText(description: DatasetDescription | CatalogueDescription): string {
  const { rows } = description;
  const lines: string[] = [];
  const add = (name: string, value: string): void => void lines.push(`${name.padEnd(18)}${value}`);
  const shares = (counts: Record<string, number>): string =>
    Object.entries(counts)
      .map(([name, n]) => `${name} ${count(n)} (${((100 * n) / rows).toFixed(1)} %)`)
      .join(', ');
  add('data', description.name);
  add(description.kind === 'products' ? 'products' : 'rows', count(rows));
  if (description.kind === 'judgements') {
    add('queries', `${count(description.queries)} (${count(description.queryTexts)} different texts)`);
    add('products', count(description.products));
    add('locales', shares(description.locales));
    add('labels', shares(description.labels));
    for (const [locale, labels] of Object.entries(description.labelsByLocale))
      add(
        `  ${locale}`,
        Object.entries(labels)
          .map(([label, n]) => `${label} ${count(n)}`)
          .join(', '),
      );
    add('split', shares(description.splits));
    add('versions', shares(description.versions));
    if (description.trueLabels)
      add(
        'true labels',
        `${count(description.trueLabels.rows)} known, ${count(description.trueLabels.flipped)} differ from the given`,
      );
    add('products a query', quantiles(description.productsPerQuery));
    add(
      'judged twice',
      `${count(description.duplicates.pairs)} (query, product) pairs, ${count(description.duplicates.disagreeing)} with different labels`,
    );
    add(
      'in both splits',
      `${count(description.inBothSplits.queries)} queries, ${count(description.inBothSplits.products)} products`,
    );
  } else {
    add('locales', shares(description.locales));
    add('brands', count(description.brands));
  }
  if (description.kind === 'judgements' && description.withoutText)
    add('product text', 'none: judgements alone; give the products file too');
  else {
    add('missing', shares(description.missing));
    add('HTML', `${count(description.html)} descriptions with tags`);
  }
  lines.push('length in characters, where not missing:');
  for (const [field, values] of Object.entries(description.lengths)) add(`  ${field}`, quantiles(values));
  const skipped = Object.entries(description.skipped);
  add('skipped', skipped.length ? count(skipped.reduce((sum, [, n]) => sum + n, 0)) : 'none');
  for (const [reason, n] of skipped) {
    const example = description.skippedRows.find((row) => row.reason === reason);
    lines.push(
      `  ${count(n).padStart(8)}  ${reason}${example ? ` (first: row ${example.row}${example.got ? `, ${shown(example.got)}` : ''})` : ''}`,
    );
  }
  return lines.join('\n');
}

const quantiles = ({ mean, min, p5, p50, p95, p99, max }: Quantiles): string =>
  `mean ${mean.toFixed(1)}, min ${min}, 5 % ${p5}, median ${p50}, 95 % ${p95}, 99 % ${p99}, max ${max}`;
