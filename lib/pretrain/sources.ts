import type { Product } from '../data/types';
import { ensure, unknownChoice } from '../runtime/errors';
import type { Key } from '../runtime/key';
import {
  NameVocabulary,
  padBatch,
  productText,
  rowLengths,
  type Encoded,
  type ProductField,
  type Tokenizer,
  type TokenisedRows,
} from '../text';
import { TASKS, type PretrainConfig, type PretrainTask } from './config';
import { checkMasked, maskCapacity, maskTokens, type Maskable } from './mlm';
import { maskedPositions } from '../heads/mlm';
import { cutPseudoQuery, otherRows } from './pseudo-query';

type Columns = Pick<TokenisedRows, 'size' | 'ids' | 'offsets' | 'typeIds' | 'labels' | 'weights'>;

/** One epoch of one task: its rows' lengths, and what a batch of them is fed as. */
export interface TaskEpoch {
  /** [N] tokens of each row. */
  lengths: Int32Array;
  /** Feeds of a batch, names without the task's prefix. `key` decides what is drawn for this batch alone (masks). */
  feeds: (rows: Int32Array, length: number, key: Key) => Record<string, Int32Array>;
}

/** What the sources read: the products, and how text becomes tokens. */
export interface Corpus {
  products: readonly Product[];
  tokenizer: Tokenizer;
  brands: NameVocabulary;
  colors: NameVocabulary;
}

/** An epoch of a task over the corpus; pseudo-queries and negatives are drawn anew for each key. */
export async function taskEpoch(task: PretrainTask, corpus: Corpus, config: PretrainConfig, key: Key): Promise<TaskEpoch> {
  if (task === 'product2query') return pairEpoch(corpus, config, key);
  if (task === 'mlm') return mlmEpoch(corpus, config);
  if (task === 'product2brand') return brandEpoch(corpus, config);
  if (task !== 'contrastive') return unknownChoice('task', task);
  const rows = await singles(corpus, ['title', 'brand', 'color', 'bullets', 'description'], config.maxLength);
  return { lengths: rowLengths(rows), feeds: (chosen, length) => inputs(rows, chosen, length, corpus) };
}

/** Throws where a task would have no batch in an epoch over these products; `which` says in the message which they are. No text is tokenised for it. */
export function checkRows(products: readonly Product[], config: PretrainConfig, which: string): void {
  for (const task of TASKS) {
    if (!config[task]) continue;
    const rows = task === 'product2query' ? pairsOf(products, config) : products.length;
    const text = task === 'product2query' ? ` with text in ${config.product2query!.fields.join(', ')}` : '';
    ensure(
      rows >= config.batch,
      `${which}: ${task} needs at least a batch of ${config.batch} rows${text}, got ${rows} of ${products.length} products; expected more products, or a smaller batch`,
    );
  }
}

/** Rows of Product2Query: two a product that has text to cut, one where it is alone in its locale. */
function pairsOf(products: readonly Product[], { product2query }: PretrainConfig): number {
  const cut = new Map<string, number>();
  for (const product of products)
    if (plain(product, product2query!.fields)) cut.set(product.locale, (cut.get(product.locale) ?? 0) + 1);
  return [...cut.values()].reduce((rows, own) => rows + (own > 1 ? 2 * own : 1), 0);
}

/** Fields of a product as one text. */
const plain = (product: Product, fields: readonly ProductField[]): string =>
  productText(product, { fields, separator: ' ' }).replace(/\s+/gu, ' ').trim();

/** Columns of encoded texts. */
function columns(encoded: readonly Encoded[]): Columns {
  const offsets = new Uint32Array(encoded.length + 1);
  encoded.forEach((e, i) => (offsets[i + 1] = offsets[i] + e.ids.length));
  const ids = new Int32Array(offsets[encoded.length]);
  const typeIds = encoded[0]?.typeIds ? new Uint8Array(ids.length) : undefined;
  encoded.forEach((e, i) => {
    ids.set(e.ids, offsets[i]);
    if (e.typeIds) typeIds?.set(e.typeIds, offsets[i]);
  });
  const size = encoded.length;
  return {
    size,
    ids,
    offsets,
    ...(typeIds ? { typeIds } : {}),
    labels: new Int8Array(size),
    weights: new Float32Array(size).fill(1),
  };
}

async function singles({ products, tokenizer }: Corpus, fields: readonly ProductField[], maxLength: number): Promise<Columns> {
  const separator = tokenizer.template.types ? ' ' : undefined;
  return columns(
    await tokenizer.encodeSingles(
      products.map((p) => productText(p, { fields, ...(separator ? { separator } : {}) })),
      { maxLength, separators: true },
    ),
  );
}

function inputs(rows: Columns, chosen: Int32Array, length: number, { tokenizer }: Corpus): Record<string, Int32Array> {
  const { inputIds, attentionMask, tokenTypeIds } = padBatch(rows, chosen, length, tokenizer.specials.pad);
  return { inputIds, attentionMask, ...(tokenTypeIds ? { tokenTypeIds } : {}) };
}

/** Masked language modelling over product text. */
async function mlmEpoch(corpus: Corpus, config: PretrainConfig): Promise<TaskEpoch> {
  const { tokenizer } = corpus;
  const rows = await singles(corpus, config.mlm!.fields, Math.min(config.maxLength, config.mlm!.maxLength ?? Infinity));
  const { mask } = tokenizer.specials;
  ensure(mask !== undefined, 'Mask LM needs a tokenizer with a mask token (<mask> or [MASK]), got one without');
  const tokens: Maskable = { mask, special: new Set(tokenizer.specialIds), vocabulary: tokenizer.size };
  return {
    lengths: rowLengths(rows),
    feeds: (chosen, length, key) => {
      const feeds = inputs(rows, chosen, length, corpus);
      const capacity = maskCapacity(chosen.length * length, config.mlm!.share);
      const labels = maskTokens(feeds.inputIds, config.mlm!, tokens, key.fold('mask').random(), capacity);
      checkMasked(labels, tokens);
      return { ...feeds, ...maskedPositions(labels, capacity) };
    },
  };
}

/** Product2Query: each product with its own pseudo-query (label 1) and with another product's of its locale (label 0). */
async function pairEpoch(corpus: Corpus, config: PretrainConfig, key: Key): Promise<TaskEpoch> {
  const settings = config.product2query!;
  const { context = [], brandShare = 0, queryLength } = settings;
  const random = key.fold('cut').random();
  const named = key.fold('brand').random();
  const cuts = corpus.products.flatMap((product) => {
    const whole = plain(product, settings.fields);
    const cut = cutPseudoQuery(whole, product.locale, settings, random);
    if (!cut) return [];
    const body = random.bernoulli(settings.deleted) ? cut.rest : whole;
    const text = context.length ? `${body} ${plain(product, context)}`.trim() : body;
    const brand = brandShare && named.bernoulli(brandShare) ? plain(product, ['brand']) : '';
    return [{ locale: product.locale, query: brand ? `${cut.query} ${brand}` : cut.query, text }];
  });
  const other = otherRows(
    cuts.map((c) => c.locale),
    key.fold('negatives').random(),
  );
  const pairs: [string, string][] = [];
  const labels: number[] = [];
  cuts.forEach(({ query, text }, i) => {
    pairs.push([query, text]);
    labels.push(1);
    if (other[i] < 0) return;
    pairs.push([cuts[other[i]].query, text]);
    labels.push(0);
  });
  const rows = columns(
    await corpus.tokenizer.encodeBatch(pairs, { maxLength: config.maxLength, ...(queryLength ? { queryLength } : {}) }),
  );
  return {
    lengths: rowLengths(rows),
    feeds: (chosen, length) => ({
      ...inputs(rows, chosen, length, corpus),
      labels: Int32Array.from(chosen, (row) => labels[row]),
    }),
  };
}

/** Product2Brand: product text without its brand field; a name that is not in the vocabulary is not counted. */
async function brandEpoch(corpus: Corpus, config: PretrainConfig): Promise<TaskEpoch> {
  const known = (id: number): number => (id === 0 ? -100 : id);
  const rows = await singles(corpus, ['title', 'bullets', 'description'], config.maxLength);
  const brands = corpus.products.map((p) => known(corpus.brands.id(p.brand)));
  const colors = corpus.products.map((p) => known(corpus.colors.id(p.color)));
  return {
    lengths: rowLengths(rows),
    feeds: (chosen, length) => ({
      ...inputs(rows, chosen, length, corpus),
      labels: Int32Array.from(chosen, (row) => brands[row]),
      ...(config.product2brand!.color ? { colorLabels: Int32Array.from(chosen, (row) => colors[row]) } : {}),
    }),
  };
}
