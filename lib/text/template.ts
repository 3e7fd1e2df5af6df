import { ensure } from '../runtime/errors';

/** One place of a template: a special token, the first text or the second. */
type Piece = { id: number; type: number } | { text: 'A' | 'B'; type: number };

/** How a tokenizer surrounds one text and a pair of texts with special tokens. */
export interface Template {
  single: readonly Piece[];
  pair: readonly Piece[];
  /** How many special tokens each adds. */
  singleSpecials: number;
  pairSpecials: number;
  /** Whether any place has a token type other than 0. */
  types: boolean;
}

interface ProcessorJson {
  type: string;
  sep?: [string, number];
  cls?: [string, number];
  single?: TemplateJson[];
  pair?: TemplateJson[];
  special_tokens?: Record<string, { ids: number[] }>;
  processors?: ProcessorJson[];
}
type TemplateJson = { SpecialToken: { id: string; type_id: number } } | { Sequence: { id: string; type_id: number } };

/**
 * Reads the template out of a tokenizer.json's post-processor: TemplateProcessing, RobertaProcessing (`<s> A </s></s> B </s>`) or BertProcessing
 * (`[CLS] A [SEP] B [SEP]`, second text of type 1). Throws where there is none.
 */
export function readTemplate(postProcessor: unknown): Template {
  const found = find(postProcessor as ProcessorJson | null);
  ensure(found, 'tokenizer.json must have a post-processor that adds special tokens (a template, Roberta or Bert), got none');
  const count = (pieces: readonly Piece[]) => pieces.filter((p) => 'id' in p).length;
  const { single, pair } = found;
  const types = [...single, ...pair].some((p) => p.type !== 0);
  return { single, pair, singleSpecials: count(single), pairSpecials: count(pair), types };
}

function find(json: ProcessorJson | null): { single: Piece[]; pair: Piece[] } | undefined {
  if (json?.type === 'Sequence') return json.processors?.map(find).find((x) => x);
  if (json?.type === 'TemplateProcessing') {
    const pieces = (list: TemplateJson[] = []): Piece[] =>
      list.flatMap((t): Piece[] =>
        'Sequence' in t
          ? [{ text: t.Sequence.id === 'B' ? 'B' : 'A', type: t.Sequence.type_id }]
          : (json.special_tokens?.[t.SpecialToken.id]?.ids ?? []).map((id) => ({ id, type: t.SpecialToken.type_id })),
      );
    return { single: pieces(json.single), pair: pieces(json.pair) };
  }
  if (!json?.sep || !json.cls) return undefined;
  const [cls, sep] = [json.cls[1], json.sep[1]];
  const bert = json.type === 'BertProcessing';
  const single: Piece[] = [
    { id: cls, type: 0 },
    { text: 'A', type: 0 },
    { id: sep, type: 0 },
  ];
  const second = bert ? 1 : 0;
  const between: Piece[] = bert ? [] : [{ id: sep, type: 0 }];
  return { single, pair: [...single, ...between, { text: 'B', type: second }, { id: sep, type: second }] };
}

/** A text as the model reads it. `typeIds` is there where the tokenizer's template has token types (BERT). */
export interface Encoded {
  ids: Int32Array;
  typeIds?: Uint8Array;
}

/** Puts the first `a` tokens of A and the first `b` of B into the template. */
export function compose(template: Template, A: Int32Array, a: number, B?: Int32Array, b = 0): Encoded {
  const pieces = B ? template.pair : template.single;
  const size = B ? template.pairSpecials + a + b : template.singleSpecials + a;
  const ids = new Int32Array(size);
  const typeIds = template.types ? new Uint8Array(size) : undefined;
  let at = 0;
  for (const piece of pieces) {
    const start = at;
    if ('id' in piece) ids[at++] = piece.id;
    else {
      const [text, length] = piece.text === 'A' ? [A, a] : [B!, b];
      ids.set(length === text.length ? text : text.subarray(0, length), at);
      at += length;
    }
    if (piece.type && typeIds) typeIds.fill(piece.type, start, at);
  }
  return typeIds ? { ids, typeIds } : { ids };
}

/**
 * Lengths [a, b] of a pair cut to `room` tokens. `longer`: the longer text is cut first, down to the other's length, then both to half (the longer keeps the odd
 * token): Hugging Face's `longest_first`. `product`: only the second text is cut, the first only where it alone is too long (`only_second`).
 */
export function truncated(a: number, b: number, room: number, strategy: 'longer' | 'product'): [number, number] {
  if (a + b <= room) return [a, b];
  if (strategy === 'product') return [Math.min(a, room), Math.max(0, room - a)];
  const short = Math.min(a, b);
  if (2 * short <= room) return a <= b ? [a, room - a] : [room - b, b];
  const half = Math.floor(room / 2);
  return a <= b ? [half, room - half] : [room - half, half];
}
