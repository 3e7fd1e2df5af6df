/** Rows as token ids, in columns. Row i has the tokens `ids[offsets[i]] … ids[offsets[i + 1] − 1]`, special tokens included. */
export interface TokenisedRows {
  /** N, the number of rows. */
  readonly size: number;
  /** Tokens of all rows, one after the other. */
  readonly ids: Int32Array;
  /** [N + 1] */
  readonly offsets: Uint32Array;
  /** Token types, beside `ids`; only tokenizers with types (BERT) have them. */
  readonly typeIds?: Uint8Array;
  /** [N] index into LABELS (0 E, 1 S, 2 C, 3 I). */
  readonly labels: Int8Array;
  /** [N] row weight, 1 where the row has none. */
  readonly weights: Float32Array;
  /** [N] locale: 0 us, 1 es, 2 jp. */
  readonly locales: Int8Array;
  /** [N] query number, as in the data: rows of one query share it. */
  readonly queryIds: Int32Array;
  /** [N] example number, as in the data. */
  readonly exampleIds: Int32Array;
}

/** [N] tokens of each row. */
export function rowLengths({ size, offsets }: Pick<TokenisedRows, 'size' | 'offsets'>): Int32Array {
  const lengths = new Int32Array(size);
  for (let i = 0; i < size; i++) lengths[i] = offsets[i + 1] - offsets[i];
  return lengths;
}

/** Several tables one after the other as one. */
export function concatRows(parts: readonly TokenisedRows[]): TokenisedRows {
  const size = parts.reduce((n, p) => n + p.size, 0);
  const tokens = parts.reduce((n, p) => n + p.ids.length, 0);
  const typed = parts.some((p) => p.typeIds);
  const all = {
    size,
    ids: new Int32Array(tokens),
    offsets: new Uint32Array(size + 1),
    ...(typed ? { typeIds: new Uint8Array(tokens) } : {}),
    labels: new Int8Array(size),
    weights: new Float32Array(size),
    locales: new Int8Array(size),
    queryIds: new Int32Array(size),
    exampleIds: new Int32Array(size),
  };
  let [row, token] = [0, 0];
  for (const part of parts) {
    all.ids.set(part.ids, token);
    if (part.typeIds) all.typeIds?.set(part.typeIds, token);
    for (let i = 0; i < part.size; i++) all.offsets[row + i + 1] = token + part.offsets[i + 1];
    for (const column of ['labels', 'weights', 'locales', 'queryIds', 'exampleIds'] as const) all[column].set(part[column], row);
    row += part.size;
    token += part.ids.length;
  }
  return all;
}

/** The chosen rows, in the given order. */
export function selectRows(rows: TokenisedRows, chosen: ArrayLike<number>): TokenisedRows {
  const size = chosen.length;
  const offsets = new Uint32Array(size + 1);
  for (let i = 0; i < size; i++) offsets[i + 1] = offsets[i] + rows.offsets[chosen[i] + 1] - rows.offsets[chosen[i]];
  const ids = new Int32Array(offsets[size]);
  const typeIds = rows.typeIds && new Uint8Array(offsets[size]);
  for (let i = 0; i < size; i++) {
    const [from, to] = [rows.offsets[chosen[i]], rows.offsets[chosen[i] + 1]];
    ids.set(rows.ids.subarray(from, to), offsets[i]);
    if (typeIds) typeIds.set(rows.typeIds.subarray(from, to), offsets[i]);
  }
  const pick = <A extends Int8Array | Int32Array | Float32Array>(column: A): A => {
    const out = new (column.constructor as new (n: number) => A)(size);
    for (let i = 0; i < size; i++) out[i] = column[chosen[i]];
    return out;
  };
  return {
    size,
    ids,
    offsets,
    ...(typeIds ? { typeIds } : {}),
    labels: pick(rows.labels),
    weights: pick(rows.weights),
    locales: pick(rows.locales),
    queryIds: pick(rows.queryIds),
    exampleIds: pick(rows.exampleIds),
  };
}
