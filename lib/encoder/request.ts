import { ensure, shown } from '../runtime/errors';
import { tf } from '../runtime/tensorflow';
import { longestText, type EncoderConfig } from './config';
import type { EncoderInput } from './encoder';

/** Token ids as transformers' tokenizers give them; what the command line reads from a file. */
export interface TokenIds {
  input_ids: number[][];
  attention_mask: number[][];
  token_type_ids?: number[][];
}

/**
 * Checks what a user gave as token ids and returns it typed, padded on the right where rows are of unequal length.
 * Without an attention mask every given token counts. @throws InputError that names the first number that is wrong.
 */
export function checkTokenIds(config: EncoderConfig, json: unknown): TokenIds {
  ensure(
    json && typeof json === 'object' && !Array.isArray(json),
    'token ids must be an object {input_ids, attention_mask, token_type_ids?}',
  );
  const given = json as Partial<Record<keyof TokenIds, unknown>>;
  const ids = rows('input_ids', given.input_ids, config.vocabulary - 1);
  const mask =
    given.attention_mask === undefined ? ids.map((row) => row.map(() => 1)) : rows('attention_mask', given.attention_mask, 1);
  const types =
    given.token_type_ids === undefined ? undefined : rows('token_type_ids', given.token_type_ids, config.typeVocabulary - 1);
  for (const [name, other] of Object.entries({ attention_mask: mask, token_type_ids: types })) {
    if (!other) continue;
    ensure(other.length === ids.length, `${name} must have ${ids.length} rows like input_ids, got ${other.length}`);
    other.forEach((row, i) =>
      ensure(
        row.length === ids[i].length,
        `${name}[${i}] must have ${ids[i].length} entries like input_ids[${i}], got ${row.length}`,
      ),
    );
  }
  const tokens = Math.max(...ids.map((row) => row.length));
  ensure(tokens <= longestText(config), `a text may have ${longestText(config)} tokens with this encoder, got ${tokens}`);
  const padded = (of: number[][], fill: number): number[][] =>
    of.map((row) => [...row, ...Array<number>(tokens - row.length).fill(fill)]);
  return {
    input_ids: padded(ids, config.padId),
    attention_mask: padded(mask, 0),
    ...(types ? { token_type_ids: padded(types, 0) } : {}),
  };
}

function rows(name: string, value: unknown, largest: number): number[][] {
  ensure(Array.isArray(value) && value.length > 0, `${name} must be a list of rows, got ${shown(JSON.stringify(value))}`);
  value.forEach((row: unknown, i) => {
    ensure(
      Array.isArray(row) && row.length > 0,
      `${name}[${i}] must be a list of whole numbers, got ${shown(JSON.stringify(row))}`,
    );
    row.forEach((x: unknown, j) =>
      ensure(
        Number.isInteger(x) && (x as number) >= 0 && (x as number) <= largest,
        `${name}[${i}][${j}] must be a whole number between 0 and ${largest}, got ${shown(x)}`,
      ),
    );
  });
  return value as number[][];
}

/** Token ids as int32 tensors, which the caller disposes. */
export function inputTensors(ids: TokenIds): EncoderInput {
  const tensor = (x: number[][]) => tf.tensor2d(x, [x.length, x[0].length], 'int32');
  return {
    inputIds: tensor(ids.input_ids),
    attentionMask: tensor(ids.attention_mask),
    ...(ids.token_type_ids ? { tokenTypeIds: tensor(ids.token_type_ids) } : {}),
  };
}
