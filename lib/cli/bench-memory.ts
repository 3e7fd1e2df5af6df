import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { finetuneMemory, graphBytes, halfBytes, RECOMPUTED, type Memory } from '../experiments/memory';
import { scales } from '../experiments/scales';
import type { FinetuneConfig } from '../experiments/config';
import { xlmr } from '../experiments/shape';
import { NO_TRICKS } from '../finetune/step';
import type { MemoryShape } from './bench-memory-child';
import { shapesNamed } from './bench-shapes';

const plain = { vocabulary: 8000, dropout: 0.1, precision: 'f32', recompute: false, tricks: NO_TRICKS } as const;
const { fgm, rdrop } = scales.paper.tricks;

/** What is estimated and measured: each a process of seconds. */
export const MEMORY_SHAPES: readonly (MemoryShape & { name: string })[] = [
  { name: '4x256, 32 × 64', layers: 4, hidden: 256, heads: 4, batch: 32, tokens: 64, ...plain },
  { name: '4x256, 32 × 64, bf16', layers: 4, hidden: 256, heads: 4, batch: 32, tokens: 64, ...plain, precision: 'bf16' },
  { name: '6x384, 16 × 128', layers: 6, hidden: 384, heads: 12, batch: 16, tokens: 128, ...plain },
  {
    name: '6x384, 16 × 128, layers computed again',
    layers: 6,
    hidden: 384,
    heads: 12,
    batch: 16,
    tokens: 128,
    ...plain,
    recompute: true,
  },
  { name: '4x256, 32 × 64, 60,000 words', layers: 4, hidden: 256, heads: 4, batch: 32, tokens: 64, ...plain, vocabulary: 60_000 },
  {
    name: '4x256, 32 × 64, FGM',
    layers: 4,
    hidden: 256,
    heads: 4,
    batch: 32,
    tokens: 64,
    ...plain,
    tricks: { ...NO_TRICKS, fgm },
  },
  {
    name: '4x256, 32 × 64, FGM and R-Drop',
    layers: 4,
    hidden: 256,
    heads: 4,
    batch: 32,
    tokens: 64,
    ...plain,
    tricks: { ...NO_TRICKS, fgm, rdrop },
  },
];

export interface MemoryFigures {
  shape: string;
  /** Bytes beyond a started TensorFlow: by the formula, measured, and the one over the other. */
  estimated: number;
  measured: number;
  ratio: number;
}

/** The bytes that the formula gives for a measured shape: the step and its graphs, without the process and the host's copy of the weights. */
export function estimatedBytes(shape: MemoryShape): number {
  const { layers, hidden, heads, batch, tokens, vocabulary, dropout, precision, recompute, tricks } = shape;
  const { base } = scales.demo;
  const config: FinetuneConfig = {
    ...base,
    start: {
      from: 'scratch',
      layers,
      hidden,
      heads,
      ffn: 4 * hidden,
      vocabulary,
      dropout,
      attentionDropout: dropout,
      matching: false,
    },
    text: { ...base.text, maxLength: tokens, buckets: 1 },
    head: { pooling: 'cls', brand: 0, color: 0, country: 0, trigrams: 0, dropout },
    trigrams: null,
    tricks,
    optimiser: { ...base.optimiser, batch },
    precision,
    ...(recompute ? { recompute: true } : {}),
  };
  const memory: Memory = finetuneMemory(
    config,
    xlmr(layers, hidden, heads, vocabulary),
    { brands: 0, colors: 0 },
    halfBytes(false),
  );
  return memory.total + graphBytes(layers, 1, passesAlive(tricks) + (recompute ? RECOMPUTED : 0));
}

const passesAlive = ({ fgm: adversary, rdrop: pair }: MemoryShape['tricks']): number => (adversary || pair ? 2 : 1);

/** Estimates and measures each shape, a process each; prints a line for each on stdout. */
export function benchMemory(only?: readonly string[]): MemoryFigures[] {
  return shapesNamed(MEMORY_SHAPES, only).map(({ name, ...shape }) => {
    const out = execFileSync(process.execPath, ['--expose-gc', join(__dirname, 'bench-memory-child.js'), JSON.stringify(shape)], { encoding: 'utf8' }); // prettier-ignore
    const measured = (JSON.parse(out) as { step: number }).step;
    const estimated = estimatedBytes(shape);
    const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0).padStart(6)} MiB`;
    process.stdout.write(
      `${name.padEnd(40)} estimated ${mib(estimated)}  measured ${mib(measured)}  ratio ${(estimated / measured).toFixed(2)}\n`,
    );
    return { shape: name, estimated, measured, ratio: estimated / measured };
  });
}
