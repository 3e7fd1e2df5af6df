import { longestText } from '../encoder';
import type { Product } from '../data/types';
import { ensure, inRange } from '../runtime/errors';
import type { ProductField } from '../text';
import { cosineAt, Embedder, loadSentenceEncoder, type EmbedOptions, type SentenceEncoder } from './embed';
import { cachedVectors } from './vector-cache';
import { rankingText } from './zero-shot';

export interface NearestProduct {
  product: Product;
  /** The product's place in the catalogue. */
  index: number;
  /** Cosine with the query, −1 … 1. */
  score: number;
}

export interface ProductIndexOptions extends Omit<EmbedOptions, 'stopped'> {
  /** The fields that are a product's text; default title and brand. */
  fields?: readonly ProductField[];
}

/** Lengths that a query is padded to. */
const QUERY_LENGTHS = [8, 16, 32, 64];

/**
 * A catalogue under an encoder: which products are nearest to a query. Vectors are kept on disk (`cachedVectors`), every product is compared, so the
 * answer is exact: 19,406 products of 384 numbers take some ten milliseconds. Dispose it.
 */
export class ProductIndex {
  private constructor(
    readonly products: readonly Product[],
    /** [N, H] unit rows. */
    readonly vectors: Float32Array,
    readonly hidden: number,
    readonly id: string,
    private readonly encoder: SentenceEncoder,
    private readonly embedder: Embedder,
    /** Lengths that a query is padded to. */
    private readonly lengths: readonly number[],
  ) {}

  /** Opens a catalogue under the encoder in a model folder; its vectors are computed where they are not on disk. */
  static async open(folder: string, products: readonly Product[], options: ProductIndexOptions = {}): Promise<ProductIndex> {
    ensure(products.length > 0, 'a product index needs at least one product, got none');
    const { fields = ['title', 'brand'], ...rest } = options;
    const encoder = loadSentenceEncoder(folder);
    const texts = products.map((product) => rankingText(product, fields));
    const { vectors, hidden, id } = await cachedVectors(folder, texts, { ...rest, encoder });
    const longest = longestText(encoder.config);
    const lengths = [...new Set(QUERY_LENGTHS.map((length) => Math.min(length, longest)))];
    const embedder = new Embedder(encoder, 1, lengths);
    // The first run of each length optimises its graph: better now than at the first query.
    for (const length of lengths) embedder.run([], length);
    return new ProductIndex(products, vectors, hidden, id, encoder, embedder, lengths);
  }

  /** The unit vector of a text, [H]. */
  async vectorOf(text: string): Promise<Float32Array> {
    const longest = this.lengths[this.lengths.length - 1];
    const encoded = await this.encoder.tokenizer.encodeSingle(text, { maxLength: longest });
    return this.embedder.run(
      [encoded],
      this.lengths.find((length) => encoded.ids.length <= length)!,
    );
  }

  /** The cosine of a text with every product, [N]. */
  async scores(text: string): Promise<Float32Array> {
    const { vectors, hidden } = this;
    const query = await this.vectorOf(text);
    return Float32Array.from(this.products, (_, i) => cosineAt(query, 0, vectors, i * hidden, hidden));
  }

  /** The k nearest products, best first; equal ones in the catalogue's order. */
  async nearest(text: string, k = 10): Promise<NearestProduct[]> {
    inRange('k', k, 1, 1e6);
    const scores = await this.scores(text);
    const order = Int32Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b);
    return [...order.subarray(0, k)].map((index) => ({ product: this.products[index], index, score: scores[index] }));
  }

  dispose(): void {
    this.embedder.dispose();
  }
}
