import type { Command } from 'commander';
import { ensure } from '../runtime/errors';
import { wholeOf } from './numbers';
import { checkOutputFile } from './outputs';

interface Options {
  python?: string;
  rounds: string;
  steps: string;
  only?: string;
  out?: string;
  data?: string;
  maxLength: string;
  tricks?: boolean;
  weights?: string;
  memory?: boolean;
  large?: boolean;
  gpu?: boolean;
}

function ensureGiven(option: string, value: string | undefined): string {
  ensure(value !== undefined, `--weights needs ${option}: rows in the ESCI schema`);
  return value;
}

/** `bench`: step times beside PyTorch's in one run. Benches live apart from the tests: nothing fails for being slow. */
export function registerBench(program: Command): void {
  program
    .command('bench')
    .description('time training steps side by side with PyTorch, and tokenising')
    .option('--python <path>', 'a Python with torch for the reference column; without it the column stays empty')
    .option('--rounds <n>', 'alternations of the two', '3')
    .option('--steps <n>', 'steps in each', '5')
    .option('--only <names>', 'only these shapes, for example 2x128,4x256; none for no shape')
    .option('--data <path>', 'also time one fine-tuning epoch on these rows, beside Hugging Face Trainer')
    .option('--max-length <tokens>', 'longest pair of that epoch', '128')
    .option(
      '--weights <name>',
      'with --data: time an epoch from these weights at the scale minilm, beside transformers with the same weights and batches',
    )
    .option('--tricks', 'also time the strategies of Table 5 against a base step')
    .option('--memory', 'instead: the memory of a training step, by formula and measured, at small sizes')
    .option(
      '--large',
      "instead: a model of InfoXLM-large's size written, loaded, trained for a step at 1 × 256 tokens and saved (10 GiB)",
    )
    .option(
      '--gpu',
      "instead: base and large shapes on this machine's card, recorded, eager and with XLA, beside PyTorch with --python",
    )
    .option('--out <file>', 'also write the figures as JSON')
    .action(async ({ python, rounds, steps, only, out, data, maxLength, tricks, weights, ...instead }: Options) => {
      if (out !== undefined) checkOutputFile('--out', out, { '--data': data });
      const shapes = only?.split(',').map((name) => name.trim());
      ensure(
        only === undefined || !(instead.large || weights !== undefined),
        '--only names shapes: --large and --weights have one',
      );
      if (instead.memory || instead.large || instead.gpu) {
        const { benchDevice } = await import('./bench-device');
        await benchDevice(instead, { python, steps: wholeOf('--steps', steps, 1, 1000), only: shapes, out });
        return;
      }
      if (weights !== undefined) {
        const { benchWeights } = await import('./bench-weights');
        await benchWeights({ weights, data: ensureGiven('--data', data), python, out });
        return;
      }
      const { bench } = await import('./bench-action');
      await bench({
        python,
        rounds: wholeOf('--rounds', rounds, 1, 100),
        steps: wholeOf('--steps', steps, 1, 1000),
        only: shapes,
        out,
        data,
        tricks: tricks ?? false,
        maxLength: wholeOf('--max-length', maxLength, 8, 512),
      });
    });
}
