import { dirname, join } from 'node:path';
import { existsSync } from 'node:fs';
import { readCatalogue, readJudgements } from '../data/catalogue';
import type { Product } from '../data/types';
import { installed, KNOWN_WEIGHTS, resolveWeights } from '../encoder/weights';
import { catalogueFile } from '../experiments/catalogue';
import type { DataSource, FinetuneConfig } from '../experiments/config';
import { openDataset } from '../experiments/dataset';
import { pretrainedFolder } from '../experiments/pretrained-start';
import { scales } from '../experiments/scales';
import { withTasks } from '../experiments/tables/pretrained';
import { gainsOf } from '../metrics/conventions';
import { InputError } from '../runtime/errors';
import { progress } from '../runtime/progress';
import { stoppable } from '../runtime/stoppable';
import { ProductIndex } from '../train/nearest';
import type { GradedPair } from '../train/zero-shot';
import type { NotebookStart } from './notebook';

/** A catalogue under an encoder as it comes, and under the same one after Product2Query. */
export interface EncoderLab {
  /** What the catalogue is called. */
  name: string;
  products: readonly Product[];
  before: ProductIndex;
  after: ProductIndex;
  /** Judged pairs of these products. */
  pairs: readonly GradedPair[];
  /** Queries worth looking at first. */
  queries: readonly string[];
  /** A query, and the same with a negation in it. */
  negations: readonly (readonly [string, string])[];
}

const WEIGHTS = 'all-minilm-l6-v2';
const CATALOGUE = 'chorus-electronics';
/** Pre-training steps on generated data: enough to show what happens, not to change an encoder much. */
const SHORT = { steps: 12, batch: 16, precision: 'f32' } as const;

interface Shop extends Pick<EncoderLab, 'name' | 'products' | 'pairs' | 'queries' | 'negations'> {
  source: DataSource;
  pretrain: FinetuneConfig['pretrain'];
}

/**
 * What the notebook of the real encoder works with. At scale `minilm` the real catalogue, with weights fetched and pre-training run where they are missing;
 * at any other scale a generated shop, a few steps of pre-training, and only weights that are here already. Says in words what it found, and returns
 * undefined where the weights are not there.
 */
export async function openEncoderLab({ scale }: Pick<NotebookStart, 'scale'>): Promise<EncoderLab | undefined> {
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const full = scale.name === 'minilm';
  if (!full && !installed(KNOWN_WEIGHTS.get(WEIGHTS)!)) {
    say(`The weights ${WEIGHTS} are not here, so this notebook has nothing to show: npm run esci -- weights fetch ${WEIGHTS}`);
    return undefined;
  }
  try {
    const { folder } = await resolveWeights(WEIGHTS);
    const shop = (full && (await realShop(say))) || (await generatedShop());
    say(
      `${shop.name}: ${shop.products.length.toLocaleString('en-US')} products, ${shop.pairs.length.toLocaleString('en-US')} judged pairs`,
    );
    const before = await open(folder, shop, 'vectors before');
    return { ...shop, before, after: await open(await pretrained(shop), shop, 'vectors after') };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    say(`Nothing to show: ${error.message}`);
    return undefined;
  }
}

async function open(folder: string, { products }: Shop, what: string): Promise<ProductIndex> {
  const bar = progress(what, products.length);
  try {
    const index = await ProductIndex.open(folder, products, { precision: 'bf16', onProgress: (done) => bar.update(done) });
    bar.update(products.length); // equal texts are computed once
    return index;
  } finally {
    bar.stop();
  }
}

/** The encoder after Product2Query alone (a row of Table 3): found where it was trained before, trained otherwise. */
async function pretrained({ source, pretrain }: Shop): Promise<string> {
  const config = { ...scales.minilm.base, pretrain };
  const bar = progress('Product2Query', pretrain!.steps);
  try {
    const folder = await stoppable((stopped) =>
      pretrainedFolder(
        { kind: 'finetune', scale: 'minilm', seed: 0, fold: 0, folds: scales.minilm.folds, source, config },
        { stopped, onStep: (step, _, loss) => bar.update(step, `loss ${loss.toFixed(2)}`) },
      ),
    );
    bar.update(pretrain!.steps); // also where it was trained before
    return folder;
  } finally {
    bar.stop();
  }
}

async function realShop(say: (text: string) => void): Promise<Shop | undefined> {
  const file = catalogueFile(CATALOGUE);
  const judged = file && join(dirname(file), 'judgments.csv');
  if (!file || !judged || !existsSync(judged)) {
    say(`The catalogue ${CATALOGUE} is not below data/raw; a generated shop stands in for it.`);
    return undefined;
  }
  const products = await readCatalogue(file);
  const pairs = (await readJudgements(judged)).map((j) => ({ ...j, queryId: String(j.queryId ?? j.query) }));
  return {
    name: CATALOGUE,
    source: scales.minilm.data,
    pretrain: withTasks(scales.minilm, ['product2query']),
    products,
    pairs,
    queries: ['wireless mouse', 'ink for hp printer', 'case for a 15 inch laptop', 'hdmi cable 5 m', 'laptop'],
    negations: [
      ['headphones with microphone', 'headphones without microphone'],
      ['keyboard with numeric keypad', 'keyboard without numeric keypad'],
      ['wireless mouse', 'mouse that is not wireless'],
      ['laptop with dvd drive', 'laptop without dvd drive'],
    ],
  };
}

async function generatedShop(): Promise<Shop> {
  const source: DataSource = { generated: 'smoke' };
  const { name, rows, products } = await openDataset(source, 0);
  const judged = rows.filter((row) => row.locale === 'us');
  const gains = gainsOf(judged.map((row) => 'ESCI'.indexOf(row.label)));
  const pairs = judged.map(({ query, queryId, productId }, i) => ({
    query,
    queryId: String(queryId),
    productId,
    grade: gains[i],
  }));
  const queries = [...new Set(pairs.map((p) => p.query))].slice(0, 5);
  const { extra: _, ...pretrain } = withTasks(scales.minilm, ['product2query']);
  return {
    name,
    source,
    pretrain: { ...pretrain, ...SHORT },
    products: products.filter((p) => p.locale === 'us'),
    pairs,
    queries,
    negations: queries.slice(0, 3).map((query) => [query, `not ${query}`] as const),
  };
}
