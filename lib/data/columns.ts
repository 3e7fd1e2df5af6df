/** Upstream's column names of a product's text, with the field of `Product` that holds each. */
export const PRODUCT_TEXT = {
  product_title: 'title',
  product_description: 'description',
  product_bullet_point: 'bullets',
  product_brand: 'brand',
  product_color: 'color',
} as const;

/** Columns that identify a product. */
export const PRODUCT_KEY = ['product_id', 'product_locale'] as const;

/** Columns of a judgement, as upstream names them. */
export const JUDGEMENT = [
  'example_id',
  'query',
  'query_id',
  'product_id',
  'product_locale',
  'esci_label',
  'small_version',
  'large_version',
  'split',
] as const;

/** Columns without which a judgement means nothing. The others have documented defaults (`readDataset`). */
export const REQUIRED_JUDGEMENT = ['query', 'product_id', 'product_locale', 'esci_label'] as const;

/** Columns beyond upstream's: where a query came from, the label before noise, the weight of an augmented row. */
export const EXTRA = ['source', 'true_label', 'weight'] as const;

/** File names of the upstream release, and of the one file that generated data adds to it. */
export const UPSTREAM_FILES = {
  examples: 'shopping_queries_dataset_examples.parquet',
  products: 'shopping_queries_dataset_products.parquet',
  sources: 'shopping_queries_dataset_sources.csv',
  trueLabels: 'shopping_queries_dataset_true_labels.parquet',
} as const;
