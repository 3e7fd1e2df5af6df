import { join } from 'node:path';
import type { Product } from '../data/types';
import { encode, loadTensors } from '../encoder';
import { nameLogits } from '../heads/brand';
import { firstToken, meanPool } from '../ops/pooling';
import { ensure } from '../runtime/errors';
import { tf } from '../runtime/tensorflow';
import { loadTokenizer, NameVocabulary, productText } from '../text';
import { NAMES_FILES } from '../experiments/start';
import type { Markup } from './markup';
import { tableView } from './table-view';

export interface BrandOptions {
  /** Most tokens of a product's text. */
  maxLength: number;
  /** How Product2Brand's vector was made; the pre-training's own choice. */
  pooling?: 'first' | 'mean';
}

/** What the brand head of a pre-trained folder says of products from their text without the brand field: brand ids, true and guessed; unknown brands left out. */
export async function guessedBrands(
  folder: string,
  products: readonly Product[],
  { maxLength, pooling = 'first' }: BrandOptions,
): Promise<{ names: NameVocabulary; truth: number[]; guessed: number[] }> {
  const names = NameVocabulary.load(join(folder, NAMES_FILES.brand));
  const known = products.filter((product) => names.id(product.brand) > 0);
  const tokenizer = loadTokenizer(folder);
  const separator = tokenizer.template.types ? { separator: ' ' } : {};
  const texts = known.map((product) => productText(product, { fields: ['title', 'bullets', 'description'], ...separator }));
  const encoded = await tokenizer.encodeSingles(texts, { maxLength, separators: true });
  const { config, params } = loadTensors(folder);
  try {
    ensure('heads.brand.names.weight' in params, `${folder} holds no brand head: it was pre-trained without Product2Brand`);
    const guessed: number[] = [];
    for (let from = 0; from < encoded.length; from += BATCH) {
      const rows = encoded.slice(from, from + BATCH);
      const length = Math.max(...rows.map(({ ids }) => ids.length));
      const padded = (of: (id: number) => number, filler: number): number[][] =>
        rows.map(({ ids }) => Array.from({ length }, (_, t) => (t < ids.length ? of(ids[t]) : filler)));
      const best = tf.tidy(() => {
        const inputIds = tf.tensor2d(padded((id) => id, config.padId), [rows.length, length], 'int32'); // prettier-ignore
        const attentionMask = tf.tensor2d(padded(() => 1, 0), [rows.length, length], 'int32'); // prettier-ignore
        const hidden = encode(params, config, { inputIds, attentionMask });
        const vector = pooling === 'mean' ? meanPool(hidden, attentionMask) : firstToken(hidden);
        return tf.argMax(nameLogits(params, 'brand', vector), 1).dataSync();
      });
      guessed.push(...best);
    }
    return { names, truth: known.map((product) => names.id(product.brand)), guessed };
  } finally {
    tf.dispose(params);
  }
}

const BATCH = 32;

/** The brand head's confusion over the most frequent brands of these products: a row for each true brand, the share of its products by guess; the rest is "other". */
export async function brandConfusionView(
  folder: string,
  products: readonly Product[],
  options: BrandOptions,
  most = 8,
): Promise<{ html: Markup; text: string }> {
  const { names, truth, guessed } = await guessedBrands(folder, products, options);
  ensure(truth.length > 0, 'no product has a brand that the vocabulary knows');
  const count = (ids: readonly number[], id: number): number => ids.filter((x) => x === id).length;
  const common = [...new Set(truth)].sort((a, b) => count(truth, b) - count(truth, a) || a - b).slice(0, most);
  const label = new Map(products.map((product) => [names.id(product.brand), product.brand]));
  const rows = common.map((brand) => {
    const own = guessed.filter((_, i) => truth[i] === brand);
    const cells = common.map((guess) => String(count(own, guess)));
    return [label.get(brand)!, String(own.length), ...cells, String(own.filter((guess) => !common.includes(guess)).length)];
  });
  const right = truth.filter((brand, i) => guessed[i] === brand).length;
  const view = tableView(['brand', 'products', ...common.map((brand) => `guessed ${label.get(brand)}`), 'guessed another'], rows);
  return { html: view.html, text: `${view.text}\n${right} of ${truth.length} products right` };
}
