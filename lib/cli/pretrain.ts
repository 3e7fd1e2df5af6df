import type { Command } from 'commander';
import { wholeOf } from './numbers';
import { checkOutputFolder } from './outputs';
import { outOf, printOutcome, printSettings, runShown, withSettings } from './training';

interface Options {
  tasks: string;
  scale: string;
  data?: string;
  from?: string;
  set: string[];
  seed: string;
  out?: string;
  listSettings?: boolean;
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
    .option('--out <folder>', 'where the model goes');
  withSettings(command, "the scale's pre-training").action(async (options: Options) => {
    const seed = wholeOf('--seed', options.seed, 0, Infinity);
    const { pretrainConfig, pretrainInto } = await import('../experiments/pretrain-request');
    if (options.listSettings) {
      const { pretrainSchema } = await import('../experiments/schema/pretrain');
      return printSettings(pretrainSchema, pretrainConfig(options));
    }
    const out = outOf(options);
    checkOutputFolder('--out', out, { '--data': options.data, '--from': options.from });
    const done = await runShown('pre-train', (hooks) => pretrainInto({ ...options, seed, out }, hooks));
    if (done) printOutcome(done.metrics, done.checks);
  });
}
