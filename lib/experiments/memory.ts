import { bfloat16Route } from '../runtime/bfloat16';
import { scoresGains } from '../finetune/losses';
import type { Tricks } from '../finetune/step';
import { encoderParams, countParams } from '../encoder';
import { esciHeadParams } from '../heads/esci';
import { queueSize } from '../pretrain/contrastive';
import type { PretrainConfig } from '../pretrain/config';
import { maskCapacity } from '../pretrain/mlm';
import { activeTasks, pretrainParams } from '../pretrain/step';
import type { FinetuneConfig } from './config';
import type { DataSizes, EncoderShape } from './shape';

/** Bytes of one training process by what takes them. `total` is what must fit the device; `host` what Node holds besides, in the machine's own memory. */
export interface Memory {
  weights: number;
  /** Adam's two moments. */
  moments: number;
  /** EMA's shadow, accumulated gradients, the momentum encoder and its queue. */
  shadows: number;
  /** Beyond those at a step's fullest moment: either what the backward pass will read, or all gradients with what updating them takes. */
  activations: number;
  gradients: number;
  total: number;
  host: number;
}

/** One forward pass as the formula sees it. */
export interface PassShape {
  encoder: EncoderShape;
  batch: number;
  tokens: number;
  dropout: boolean;
  attentionDropout: boolean;
  precision: 'f32' | 'bf16';
  /** Bytes of a number that is kept in bfloat16: 4 where it is multiplied as float32 (`runtime/bfloat16`). */
  half: number;
  recompute: boolean;
  /** The last layer is computed for the first token alone: it keeps little but queries, keys and values. */
  first: boolean;
}

const F32 = 4;
/** Bytes of a bfloat16 number where the device multiplies those itself. */
const HALF = 2;
/** Bytes of a number kept in bfloat16 on this machine's processor, or on a card. */
export const halfBytes = (card: boolean): number => (bfloat16Route(card) === 'native' ? HALF : F32);

/**
 * Bytes that one layer keeps for its backward pass. N = B·T rows, F the inner width, A heads, in numbers of 4 bytes:
 *
 *     N·H·(3 queries, keys, values + 1 heads' output + 2 normalised + 2 outputs) + N·H·(2 dropout masks) + N·F·(3: before, in and after GELU)
 *     + B·A·T²·(1 attention weights, 2 with dropout) + 3H² (the three joined weights)
 *
 * With bfloat16 what only matrix products read again is kept in 2 bytes (queries, keys, values, the heads' output, both outputs, GELU's result), the attention
 * weights in both, and every matrix's 2-byte copy too. Where rounded numbers are multiplied as float32, those copies take 4 bytes.
 */
export function layerBytes({ encoder, batch, tokens, dropout, attentionDropout, precision, half }: PassShape): number {
  const { hidden, heads, ffn } = encoder;
  const rows = batch * tokens;
  const square = batch * heads * tokens * tokens;
  const masks = dropout ? F32 * 2 * rows * hidden : 0;
  const drawn = attentionDropout ? F32 * square : 0;
  if (precision === 'f32') return F32 * (8 * rows * hidden + 3 * rows * ffn + square + 3 * hidden * hidden) + masks + drawn;
  const halves = half * (6 * rows * hidden + rows * ffn + square + 4 * hidden * hidden + 2 * hidden * ffn);
  return halves + F32 * (2 * rows * hidden + 2 * rows * ffn + square) + masks + drawn;
}

/** What is alive besides inside one layer while its gradient is computed: the inner width's slopes, or the attention's. */
const workBytes = ({ encoder, batch, tokens }: PassShape): number =>
  F32 * Math.max(4 * batch * tokens * encoder.ffn, 3 * batch * encoder.heads * tokens * tokens);

/** What a pass keeps between its forward and its backward half, and what one layer needs on top while it is gone back through. */
export function passBytes(pass: PassShape): { kept: number; work: number } {
  const { encoder, batch, tokens, recompute, dropout, first, precision, half } = pass;
  const { hidden, layers } = encoder;
  const rows = F32 * batch * tokens * hidden;
  const layer = layerBytes(pass);
  const last = first ? ((precision === 'f32' ? F32 : half) / F32) * (3 * rows + F32 * 3 * hidden * hidden) : layer;
  const embeddings = rows * (dropout ? 3 : 2); // normalised, result, mask
  return recompute
    ? { kept: embeddings + rows * layers, work: (layers > 1 ? layer : last) + workBytes(pass) }
    : { kept: embeddings + layer * (layers - 1) + last, work: workBytes(pass) };
}

/** How many passes' activations are alive together, and tables of the embedding's size beside the gradients. */
function together({ fgm, rdrop }: Tricks): { passes: number; tables: number; gradients: number } {
  const points = fgm?.kind === 'freelb' ? fgm.steps! : 1;
  const adversary = fgm ? { tables: fgm.kind === 'pgd' || fgm.kind === 'freelb' ? 3 : 2 } : { tables: 0 };
  if (rdrop) return { passes: fgm ? 1 + points : 2, gradients: 1, ...adversary };
  return fgm ? { passes: points, gradients: 2, ...adversary } : { passes: 1, gradients: 1, ...adversary };
}

const sum = (parts: Omit<Memory, 'total'>): Memory => ({
  ...parts,
  total: parts.weights + parts.moments + parts.shadows + Math.max(parts.activations, parts.gradients),
});

/** What a Node process with TensorFlow takes before it holds a graph: measured on Linux x86-64 with the CPU build. */
const PROCESS = 380 * 2 ** 20;

/** Passes' worth of nodes that computing a layer again adds. */
export const RECOMPUTED = 0.9;

/**
 * What recorded graphs take in the machine's own memory: 45 MiB, and 2.3 MiB for each layer of a forward pass (a backward pass counts as two) for each padded
 * length. Measured at 2 and at 12 layers; the weights' size has no part in it. A layer that is computed again counts RECOMPUTED passes more.
 */
export const graphBytes = (layers: number, buckets: number, passes: number): number =>
  (45 + 2.3 * layers * buckets * (1 + 3 * passes)) * 2 ** 20;

/** What is kept in the machine's own memory instead: so many copies of the weights, and for the largest of them as much again, and a copy of what the card sent. */
const onHostBytes = (copies: number, trained: number, largest: number): number => copies * trained + (copies + 1) * largest;

/** Memory of fine-tuning: the formula that `bench --memory` holds against measurements. `half`: bytes of a number kept in bfloat16. */
export function finetuneMemory(
  config: FinetuneConfig,
  encoder: EncoderShape,
  sizes: Pick<DataSizes, 'brands' | 'colors'>,
  half = HALF,
): Memory {
  const { optimiser, head, text, tricks, precision } = config;
  const rates = config.start;
  const pass: PassShape = {
    encoder,
    batch: optimiser.batch,
    tokens: text.maxLength,
    dropout: rates.dropout > 0,
    attentionDropout: rates.attentionDropout > 0,
    precision,
    half,
    recompute: config.recompute ?? false,
    first: head.pooling === 'cls',
  };
  const specs = encoderParams({ ...encoder, padId: 0, epsilon: 1e-5, dropout: 0, attentionDropout: 0 });
  const outputs = scoresGains(config.loss) ? 1 : config.task === 3 ? 2 : 4;
  const headSpecs = esciHeadParams(head, {
    hidden: encoder.hidden,
    brands: sizes.brands,
    colors: sizes.colors,
    trigramVocabulary: config.trigrams?.vocabulary ?? 0,
    outputs,
  });
  const all = F32 * (countParams(specs) + countParams(headSpecs));
  const frozen = config.trigrams?.frozen ? F32 * config.trigrams.vocabulary * head.trigrams : 0;
  const trained = all - frozen;
  const table = F32 * encoder.vocabulary * encoder.hidden;
  const largest = Math.max(table, config.trigrams ? F32 * config.trigrams.vocabulary * head.trigrams : 0);
  const { passes, tables, gradients } = together(tricks);
  const { kept, work } = passBytes(pass);
  const bags = head.trigrams ? 2 * F32 * pass.batch * 3 * (config.trigrams?.capacity ?? 0) * head.trigrams : 0;
  return sum({
    weights: all,
    moments: config.momentsOnHost ? 0 : 2 * trained,
    shadows: (tricks.ema && !config.emaOnHost ? trained : 0) + (optimiser.accumulation > 1 ? trained : 0),
    // Passes that go backward together (R-Drop's) are at work side by side.
    activations:
      Math.max(passes * (kept + bags), trained - largest) +
      (tricks.rdrop ? 2 : 1) * work +
      (gradients - 1) * trained +
      tables * table,
    // While weight decay writes to a table it is copied, and its gradient may be too before the old one is let go.
    gradients: gradients * trained + 2 * largest + tables * table,
    host:
      PROCESS +
      graphBytes(encoder.layers, text.buckets, Math.max(passes, gradients) + (config.recompute ? RECOMPUTED : 0)) +
      all +
      (config.momentsOnHost ? onHostBytes(2, trained, largest) : 0) +
      (tricks.ema && config.emaOnHost ? onHostBytes(1, trained, largest) : 0),
  });
}

/** Memory of pre-training: all active tasks' passes are alive together in the summed step, and one task's at a time in round-robin. */
export function pretrainMemory(
  config: PretrainConfig,
  start: { dropout: number; attentionDropout: number },
  encoder: EncoderShape,
  sizes: Pick<DataSizes, 'brands' | 'colors'>,
  half = HALF,
): Memory {
  const { contrastive, mlm, batch } = config;
  const full = { ...encoder, padId: 0, epsilon: 1e-5, dropout: 0, attentionDropout: 0 };
  const all = F32 * countParams(pretrainParams({ encoder: full, config, pooling: 'first', ...sizes }));
  const momentum = contrastive && queueSize(contrastive, batch) ? F32 * (countParams(encoderParams(full)) + queueSize(contrastive, batch) * encoder.hidden) : 0; // prettier-ignore
  const table = F32 * encoder.vocabulary * encoder.hidden;
  const passOf = (tokens: number, dropout: number, first: boolean): PassShape => ({
    encoder,
    batch,
    tokens,
    dropout: dropout > 0,
    attentionDropout: start.attentionDropout > 0,
    precision: config.precision,
    half,
    recompute: config.recompute ?? false,
    first,
  });
  const tasks = activeTasks(config).map((task) => {
    const tokens = task === 'mlm' ? (mlm!.maxLength ?? config.maxLength) : config.maxLength;
    const rate = task === 'contrastive' ? start.dropout || contrastive!.dropout : start.dropout;
    const pass = passOf(config.mixture === 'sum' ? config.maxLength : tokens, rate, task !== 'mlm' && task !== 'contrastive');
    const { kept, work } = passBytes(pass);
    const logits = task === 'mlm' ? 3 * F32 * maskCapacity(batch * pass.tokens, mlm!.share) * encoder.vocabulary + table : 0;
    return { kept: kept * (task === 'contrastive' ? 2 : 1) + logits, work };
  });
  const activations =
    config.mixture === 'sum'
      ? Math.max(
          tasks.reduce((bytes, { kept }) => bytes + kept, 0),
          all - table,
        ) +
        Math.min(2, tasks.length) * Math.max(...tasks.map(({ work }) => work))
      : Math.max(...tasks.map(({ kept, work }) => Math.max(kept, all - table) + work));
  return sum({
    weights: all,
    moments: config.momentsOnHost ? 0 : 2 * all,
    shadows: momentum,
    activations,
    gradients: all + 2 * table,
    host:
      PROCESS +
      graphBytes(encoder.layers, 3, tasks.length + (contrastive ? 1 : 0)) +
      all +
      (config.momentsOnHost ? onHostBytes(2, all, table) : 0),
  });
}
