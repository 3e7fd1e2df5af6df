import type { Command } from 'commander';
import { printOutcome, runShown, withSettings } from './training';

interface Options {
  tasks: string;
  scale: string;
  data?: string;
  from?: string;
  set: string[];
  seed: string;
  out: string;
}

/** `pretrain`: one encoder, pre-trained on a catalogue with the tasks of Figure 1, in a folder that transformers loads. */
export function registerPretrain(program: Command): void {
  const command = program
    .command('pretrain')
    .description('pre-train an encoder on a catalogue; killed or stopped, the same command goes on')
    .option('--tasks <list>', 'mlm, product2query, product2brand, contrastive', 'mlm,product2query,product2brand,contrastive')
    .option('--scale <name>', 'smoke, demo, small, minilm, base or paper', 'demo')
    .option('--data <path>', "judged data, or a file products.* alone, instead of the scale's own")
    .option('--from <folder or name>', 'go on from this XLM-R, InfoXLM or BERT encoder')
    .option('--seed <n>', 'which draw of everything random', '0')
    .requiredOption('--out <folder>', 'where the model goes');
  withSettings(command, "the scale's pre-training").action(async (options: Options) => {
    const { pretrainInto } = await import('../experiments/pretrain-request');
    const done = await runShown('pre-train', (hooks) => pretrainInto({ ...options, seed: Number(options.seed) }, hooks));
    if (done) printOutcome(done.metrics, done.checks);
  });
}
