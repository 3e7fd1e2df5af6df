import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readCatalogue } from '../../data';
import type { Dataset, Product } from '../../data/types';
import {
  clickModel,
  listsOfDataset,
  readLists,
  simulateLog,
  withGap,
  type ClickModelTruth,
  type LogColumns,
  type RankingData,
} from '../../ranking';
import { ensure } from '../../runtime/errors';
import { canonicalJson } from '../../runtime/hash';
import { Key } from '../../runtime/key';
import type { DataSource } from '../config';
import { LOOKED_FOR, openDataset, placeOf } from '../dataset';
import type { EngagementConfig } from './config';

/**
 * The generated shop: one language, as a small encoder can learn; queries that often use words which no product text has (the vocabulary gap); lists in which irrelevant
 * and substitute products are not rare.
 */
export const SHOP = {
  localeShares: { us: 1, es: 0, jp: 0 },
  categorySynonym: 0.4,
  valueSynonym: 0.4,
  colorSynonym: 0.4,
  labelShares: { E: 0.3, S: 0.3, C: 0.1, I: 0.3 },
} as const;

/** Lists to rank, the whole catalogue behind them, and the engagement drawn on them. */
export interface RankingWorld {
  data: RankingData;
  catalogue: readonly Product[];
  truth: ClickModelTruth;
  /** Of the queries that train; and of those that measure, in random order. */
  train: LogColumns;
  test: LogColumns;
}

/** The lists of a run: those of a generated world made anew for each seed, or of real judgements (ESCI, or graded as Chorus). */
export async function rankingLists(
  source: DataSource,
  seed: number,
  { fillTo, testShare }: Pick<EngagementConfig, 'fillTo' | 'testShare'>,
): Promise<{ data: RankingData; catalogue: readonly Product[] }> {
  const options = { fillTo, key: Key.from('products') };
  if ('generated' in source) {
    const dataset = await openDataset(source, seed);
    const data = listsOfDataset(dataset, options);
    const own = Object.entries(SHOP).every(
      ([name, value]) => canonicalJson(source.options?.[name as keyof typeof SHOP] ?? null) === canonicalJson(value),
    );
    const rest = Object.fromEntries(Object.entries(source.options ?? {}).filter(([name]) => !(name in SHOP)));
    return { data: own ? { ...data, name: `${nameOf(source.generated, rest)}-shop` } : data, catalogue: dataset.products };
  }
  const place = placeOf(source.path);
  ensure(place, `--data ${source.path}: no such file or folder; expected ${LOOKED_FOR}`);
  return lists(place, source.path, { ...options, fillTo: Math.max(fillTo, SHORTEST), testShare });
}

/** What generated data are called, with the options that are not the world's own. */
const nameOf = (world: string, options: object): string =>
  `generated-${world}${Object.entries(options)
    .map(([name, value]) => `-${name}-${JSON.stringify(value)}`)
    .join('')}`;

/** Lists of real judgements are filled to so many products: a sample of ESCI rows has nearly one a query. */
export const SHORTEST = 10;

const read = new Map<string, Promise<{ data: RankingData; catalogue: readonly Product[] }>>();

function lists(place: string, name: string, options: { fillTo: number; testShare: number; key: Key }) {
  const key = canonicalJson({ place, ...options, key: options.key.words() });
  if (!read.has(key)) read.set(key, open(place, name, options));
  return read.get(key)!;
}

async function open(place: string, name: string, options: { fillTo: number; testShare: number; key: Key }) {
  const catalogueFile =
    statSync(place).isDirectory() && readdirSync(place).find((file) => /^products\.(jsonl|csv|parquet)/.test(file));
  const graded = catalogueFile && readdirSync(place).some((file) => /^judge?ments\./.test(file));
  if (graded) return { data: await readLists(place, options), catalogue: await readCatalogue(join(place, catalogueFile)) };
  ensure(existsSync(place), `--data ${name}: no such file or folder`);
  const dataset = await openDataset({ path: name }, 0);
  return { data: listsOfDataset(dataset, options), catalogue: dataset.products };
}

/** The lists of a run with the engagement of its seed: one click model, a log of the training queries and one of the test queries. */
export async function rankingWorld(source: DataSource, seed: number, config: EngagementConfig): Promise<RankingWorld> {
  const lists = await rankingLists(source, seed, config);
  const { catalogue } = lists;
  const data = withGap(lists.data);
  const key = Key.from('engagement').fold(seed);
  const truth = clickModel(data, config.click, key.fold('click model'));
  const { simulation } = config;
  const train = simulateLog(
    data,
    truth,
    { ...simulation, impressions: config.train, splits: ['train', 'dev'] },
    key.fold('train'),
  );
  // Every product at every position alike, so that counts of clicks compare products fairly.
  const test = simulateLog(
    data,
    truth,
    { ...simulation, randomShare: 1, impressions: config.test, splits: ['test'] },
    key.fold('test'),
  );
  return { data, catalogue, truth, train, test };
}

/** The catalogue as a data set, as pre-training and vocabularies read it; its rows stand for the training queries alone. */
export function catalogueOf({ data, catalogue }: Pick<RankingWorld, 'data' | 'catalogue'>): Dataset {
  return { name: data.name, sha256: data.sha256, rows: [], products: [...catalogue], skipped: {} };
}
