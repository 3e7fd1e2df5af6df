import type { Command } from 'commander';
import { inRange } from '../runtime/errors';
import { printOutcome, runShown, withSettings } from './training';

interface Options {
  task: string;
  scale: string;
  data?: string;
  from?: string;
  tricks?: string;
  set: string[];
  seed: string;
  fold: string;
  checkpointEvery?: string;
  out: string;
}

/** `finetune`: one model for a task, measured on its held-out fold, in a folder that `predict` reads. */
export function registerFinetune(program: Command): void {
  const command = program
    .command('finetune')
    .description('fine-tune one model; killed or stopped, the same command goes on')
    .option('--task <n>', '1 ranking, 2 four classes, 3 substitute or not', '2')
    .option('--scale <name>', 'smoke, demo, small, minilm, base or paper', 'demo')
    .option('--data <path>', "real data in the ESCI schema instead of the scale's own")
    .option('--from <folder or name>', "start from this encoder; without it the scale's start, pre-trained as in the tables")
    .option('--tricks <list>', "ema, fgm, rdrop, mixup, with the scale's settings")
    .option('--seed <n>', 'which draw of everything random', '0')
    .option('--fold <n>', 'the fold that is held out and measured', '0')
    .option('--checkpoint-every <updates>', 'how often the state is saved (default 100)')
    .requiredOption('--out <folder>', 'where the model goes');
  withSettings(command, "the scale's fine-tuning").action(async (options: Options) => {
    const every = options.checkpointEvery;
    const checkpointEvery = every === undefined ? undefined : inRange('--checkpoint-every', Number(every), 0, Infinity);
    const { finetuneInto } = await import('../experiments/finetune-request');
    const request = { ...options, seed: Number(options.seed), fold: Number(options.fold) };
    const done = await runShown('fine-tune', (hooks) =>
      finetuneInto(request, { ...hooks, ...(checkpointEvery === undefined ? {} : { checkpointEvery }) }),
    );
    if (done) printOutcome(done.metrics, done.checks);
  });
}
