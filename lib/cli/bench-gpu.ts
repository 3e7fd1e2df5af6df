import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { encoderFlops, finetuneFlops } from '../experiments/flops';
import { xlmr } from '../experiments/shape';
import { NO_TRICKS } from '../finetune/step';
import { deviceReport } from '../runtime/device';
import { ensure, InputError } from '../runtime/errors';
import { projectRoot, sharedCache, writeFileAtomic } from '../runtime/files';
import { findGpus } from '../runtime/gpus';
import { peakOf, type Peak } from '../runtime/peaks';
import { environment } from '../runtime/provenance';
import type { GpuRequest, GpuTimes } from './bench-gpu-child';
import { shapesNamed } from './bench-shapes';

/** A shape to time, and its micro-batch. */
export type GpuShape = Pick<GpuRequest, 'layers' | 'hidden' | 'heads' | 'vocabulary' | 'batch' | 'tokens' | 'dropout'> & {
  name: string;
};

/** XLM-R-base and InfoXLM-large at the paper's length. */
export const GPU_SHAPES: readonly GpuShape[] = [
  { name: 'base', layers: 12, hidden: 768, heads: 12, vocabulary: 250_002, batch: 32, tokens: 256, dropout: 0.1 },
  { name: 'large', layers: 24, hidden: 1024, heads: 16, vocabulary: 250_002, batch: 16, tokens: 256, dropout: 0.1 },
];

/** One way to compute the step. */
export interface Column {
  name: string;
  precision: 'f32' | 'bf16';
  /** `ours` recorded unless eager; `xla`: TensorFlow's automatic clustering. */
  by: { ours: { eager: boolean; xla: boolean } } | { torch: { compile: boolean } };
}

const ours = (name: string, precision: Column['precision'], eager = false, xla = false): Column => ({
  name,
  precision,
  by: { ours: { eager, xla } },
});
const torch = (name: string, precision: Column['precision'], compile = false): Column => ({
  name,
  precision,
  by: { torch: { compile } },
});

export const COLUMNS: readonly Column[] = [
  ours('eager, TF32', 'f32', true),
  ours('recorded, TF32', 'f32'),
  ours('recorded, bf16', 'bf16'),
  ours('recorded, bf16, XLA', 'bf16', false, true),
  torch('PyTorch, bf16', 'bf16'),
  torch('PyTorch, bf16, torch.compile', 'bf16', true),
];

export interface GpuFigures {
  shape: string;
  column: string;
  milliseconds: number;
  stepsPerSecond: number;
  tokensPerSecond: number;
  /** Operations of the step by formula over its time. */
  teraflops: number;
  /** Of the card's data sheet in that precision. */
  shareOfPeak?: number;
  firstSeconds?: number;
  /** Why there is no figure. */
  failed?: string;
}

/** Figures of a step's times. PyTorch computes the whole last layer where we compute it for the first token: each is credited with what it computes. */
export function gpuFigures(shape: GpuShape, column: Column, milliseconds: readonly number[], peak: Peak | undefined): GpuFigures {
  const { layers, hidden, heads, vocabulary, batch, tokens } = shape;
  const widths = xlmr(layers, hidden, heads, vocabulary);
  const median = [...milliseconds].sort((a, b) => a - b)[milliseconds.length >> 1];
  const flops =
    'ours' in column.by ? finetuneFlops(widths, batch, tokens, NO_TRICKS, 'cls') : 3 * encoderFlops(widths, batch, tokens);
  const teraflops = flops / median / 1e9;
  const best = peak && (column.precision === 'bf16' ? peak.bf16 : peak.tf32);
  return {
    shape: shape.name,
    column: column.name,
    milliseconds: median,
    stepsPerSecond: 1000 / median,
    tokensPerSecond: (1000 * batch * tokens) / median,
    teraflops,
    ...(best ? { shareOfPeak: teraflops / best } : {}),
  };
}

/** Runs one column: a process of ours, or the reference script's; `device` cpu is for trying the machinery at a tiny shape. */
export function timeColumn(
  shape: GpuShape,
  column: Column,
  steps: number,
  python: string | undefined,
  device: 'cuda' | 'cpu',
): { milliseconds: number[]; firstSeconds?: number } {
  const { name: _, ...sizes } = shape;
  if ('torch' in column.by) {
    ensure(python, 'PyTorch needs --python');
    const request = { ...sizes, precision: column.precision, compile: column.by.torch.compile, steps, device };
    const script = join(projectRoot(), 'scripts', 'bench', 'gpu.py');
    const out = execFileSync(python, [script, JSON.stringify(request)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    return JSON.parse(out.trim().split('\n').at(-1)!) as { milliseconds: number[] };
  }
  const { eager, xla } = column.by.ours;
  const request: GpuRequest = { ...sizes, precision: column.precision, eager, recompute: false, steps };
  const env = { ...process.env, ...(xla ? xlaVariables() : {}) };
  const out = execFileSync(process.execPath, [join(__dirname, 'bench-gpu-child.js'), JSON.stringify(request)], { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] }); // prettier-ignore
  return JSON.parse(out.trim().split('\n').at(-1)!) as GpuTimes;
}

/** What switches XLA's automatic clustering on, with the folder of the CUDA wheel that holds its tools where the set-up unpacked one. */
export function xlaVariables(): Record<string, string> {
  let folders: string[] = [];
  try {
    folders = readdirSync(sharedCache('tensorflow')).filter((name) => name.includes('-gpu-') && !name.endsWith('.partial'));
  } catch {
    // no cache: XLA looks in the system's own places
  }
  const data = folders[0] && join(sharedCache('tensorflow'), folders[0], 'nvidia', 'cuda_nvcc');
  const flags = [process.env.XLA_FLAGS, data && `--xla_gpu_cuda_data_dir=${data}`].filter(Boolean).join(' ');
  return { TF_XLA_FLAGS: '--tf_xla_auto_jit=2', ...(flags ? { XLA_FLAGS: flags } : {}) };
}

export interface GpuBenchOptions {
  python?: string;
  steps: number;
  only?: readonly string[];
  out?: string;
}

/** Times every column at every shape on this machine's card; a column that fails is a line that says why. Refuses, in words, where there is no card. */
export function benchGpu({ python, steps, only, out }: GpuBenchOptions): GpuFigures[] {
  const shapes = shapesNamed(GPU_SHAPES, only);
  const { cards, problem } = findGpus();
  ensure(!problem, `bench --gpu times a card, and ${problem}`);
  const { device } = deviceReport();
  ensure(
    device === 'gpu',
    `bench --gpu: ${cards[0].name} is there, but TensorFlow computes on the CPU; run npm run setup -- --gpu, then npm run doctor`,
  );
  const peak = peakOf(cards[0].name);
  if (!peak) process.stderr.write(`no data sheet of ${cards[0].name} is known: no share of its peak is shown\n`);
  const figures: GpuFigures[] = [];
  for (const shape of shapes)
    for (const column of COLUMNS.filter(({ by }) => python !== undefined || 'ours' in by)) {
      const row = attempt(shape, column, steps, python, peak);
      figures.push(row);
      process.stdout.write(`${gpuLine(row)}\n`);
    }
  if (out)
    writeFileAtomic(
      out,
      `${JSON.stringify({ environment: environment('bf16'), card: cards[0], peak, shapes: GPU_SHAPES, steps: figures }, null, 1)}\n`,
    );
  return figures;
}

function attempt(shape: GpuShape, column: Column, steps: number, python: string | undefined, peak: Peak | undefined): GpuFigures {
  try {
    const { milliseconds, firstSeconds } = timeColumn(shape, column, steps, python, 'cuda');
    return { ...gpuFigures(shape, column, milliseconds, peak), ...(firstSeconds === undefined ? {} : { firstSeconds }) };
  } catch (error) {
    if (error instanceof InputError) throw error;
    const lines = String((error as { stderr?: string }).stderr ?? (error as Error).message).trim().split('\n'); // prettier-ignore
    const failed = lines.filter((line) => /error|memory|exhausted/i.test(line)).at(-1) ?? lines.at(-1) ?? 'it failed';
    const none = { milliseconds: NaN, stepsPerSecond: NaN, tokensPerSecond: NaN, teraflops: NaN };
    return { shape: shape.name, column: column.name, ...none, failed: failed.slice(0, 200) };
  }
}

export function gpuLine({
  shape,
  column,
  milliseconds,
  stepsPerSecond,
  tokensPerSecond,
  teraflops,
  shareOfPeak,
  failed,
}: GpuFigures): string {
  const head = `${shape.padEnd(6)} ${column.padEnd(30)}`;
  if (failed !== undefined) return `${head} failed: ${failed}`;
  const share = shareOfPeak === undefined ? '' : `  ${(100 * shareOfPeak).toFixed(0)} % of peak`;
  return `${head} ${milliseconds.toFixed(1).padStart(8)} ms  ${stepsPerSecond.toFixed(2)} steps/s  ${Math.round(tokensPerSecond)} tokens/s  ${teraflops.toFixed(1)} TFLOP/s${share}`;
}
