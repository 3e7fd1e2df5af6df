import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../runtime/errors';
import { renderKind, type RenderedBlocks } from './blocks';
import { gridMarkdown } from './formats/markdown';
import type { Column, Grid } from './formats/grid';
import { plain } from './numbers';

const amount = z.number().nonnegative();
const steps = z.looseObject({
  reference: z.string(),
  steps: z.array(
    z.looseObject({
      shape: z.string(),
      dropout: z.number(),
      precision: z.string(),
      ours: amount,
      reference: amount,
      ratio: amount,
    }),
  ),
});
const epochs = z.looseObject({
  weights: z.string(),
  reference: z.string(),
  epochs: z.array(
    z.looseObject({
      precision: z.string(),
      step: amount,
      referenceStep: amount,
      stepRatio: amount,
      epoch: amount,
      referenceEpoch: amount,
      epochRatio: amount,
      logitsError: amount,
    }),
  ),
});
const strategies = z.looseObject({
  tricks: z.array(z.looseObject({ label: z.string(), milliseconds: amount, ratio: amount, cpuRatio: amount })),
});

const columns = (first: string, ...others: string[]): Column[] => [
  { title: first, align: 'left' },
  ...others.map((title) => ({ title, align: 'right' }) as const),
];
const times = (x: number): string => `${plain(x, 2)}×`;

/** Records of `npm run bench` that documents show, by file name (another machine's are called `cpu-steps-MACHINE`), each with how it is laid out and the sentence below it. */
const TABLES: Readonly<Record<string, (json: unknown) => { grid: Grid; note: string }>> = {
  'cpu-steps': (json) => {
    const { reference, steps: rows } = steps.parse(json);
    return {
      grid: {
        columns: columns('Encoder', 'Dropout', 'Precision', 'A step here, ms', 'PyTorch, ms', 'Ratio'),
        rows: rows.map((r) => ({
          cells: [r.shape, String(r.dropout), r.precision, plain(r.ours, 1), plain(r.reference, 1), plain(r.ratio, 2)],
        })),
      },
      note: `Layers × width; forward, backward, clipping and AdamW on the same batches, medians of steps taken in turn. Reference: PyTorch ${reference}, eager.`,
    };
  },
  'minilm-epoch': (json) => {
    const { weights, reference, epochs: rows } = epochs.parse(json);
    return {
      grid: {
        columns: columns(
          'Precision',
          'A step here, ms',
          'transformers, ms',
          'Ratio',
          'An epoch here, s',
          'transformers, s',
          'Ratio',
        ),
        rows: rows.map((r) => ({
          cells: [
            r.precision,
            plain(r.step, 0),
            plain(r.referenceStep, 0),
            plain(r.stepRatio, 2),
            plain(r.epoch, 1),
            plain(r.referenceEpoch, 1),
            plain(r.epochRatio, 2),
          ],
        })),
      },
      note: `${weights}, 6 × 384, one fold of real rows, the same batches by length and the same starting logits (largest difference ${Math.max(...rows.map((r) => r.logitsError)).toExponential(1)}). Reference: ${reference}.`,
    };
  },
  'cpu-strategies': (json) => ({
    grid: {
      columns: columns('Strategies', 'A step, ms', 'Against a base step', 'By processor time'),
      rows: strategies
        .parse(json)
        .tricks.map((r) => ({ cells: [r.label, plain(r.milliseconds, 0), times(r.ratio), times(r.cpuRatio)] })),
    },
    note: 'One step of each in turn; the ratio is the median over rounds.',
  }),
};

/**
 * A record of `data/bench` as Markdown: its table, its sentence and the machine that printed it.
 * @throws InputError for a name that has no table, a missing file, or a file of another shape.
 */
export function benchMarkdown(root: string, name: string): string {
  const lay = TABLES[Object.keys(TABLES).find((known) => name === known || name.startsWith(`${known}-`)) ?? ''];
  if (!lay) throw new InputError(`no table for the bench record ${name}: there are ${Object.keys(TABLES).join(', ')}`);
  const path = join('data', 'bench', `${name}.json`);
  if (!existsSync(join(root, path))) throw new InputError(`${path} is missing: npm run bench -- --out ${path} writes one`);
  const json = JSON.parse(readFileSync(join(root, path), 'utf8')) as { environment: Record<string, string> };
  try {
    const { grid, note } = lay(json);
    const { cpu, platform, tensorflow, bf16 } = z
      .looseObject({ cpu: z.string(), platform: z.string(), tensorflow: z.string(), bf16: z.string().optional() })
      .parse(json.environment);
    const route = bf16 === 'float32' ? ' Products of bfloat16 numbers were computed here in float32.' : '';
    return [...gridMarkdown(grid), `${note}${route} TensorFlow ${tensorflow}, ${cpu}, ${platform}.`, ''].join('\n');
  } catch (error) {
    if (error instanceof z.ZodError)
      throw new InputError(
        `${path} is not a record of npm run bench: ${error.issues[0].path.join('.')}: ${error.issues[0].message}`,
      );
    throw error;
  }
}

/** A document with its bench blocks (`<!-- bench:cpu-steps -->` to `<!-- /bench -->`) rendered anew, and what differed. */
export const renderBench = (text: string, where: string, root: string): RenderedBlocks =>
  renderKind(text, where, 'bench', (name) => ({ name: `bench ${name}`, fresh: benchMarkdown(root, name) }));
