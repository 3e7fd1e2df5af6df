import type { Command } from 'commander';
import { wholeOf } from './numbers';
import { checkOutputFolder } from './outputs';
import { failedChecks, outOf, printOutcome, printSettings, runShown, withSettings } from './training';

interface Options {
  task: string;
  scale: string;
  data?: string;
  split?: string;
  from?: string;
  tricks?: string;
  mode?: string;
  set: string[];
  listSettings?: boolean;
  seed: string;
  fold: string;
  checkpointEvery?: string;
  out?: string;
}

const SETTINGS = `
Settings that --tricks switches on, for --set (with their values: --list-settings):
  ema        tricks.ema.decay=0.999, tricks.ema.warmup=true|false
  fgm        tricks.fgm.epsilon=1, tricks.fgm.scale=absolute|row-norm, tricks.fgm.gradient=fresh|accumulated
  pgd        fgm's, tricks.fgm.steps=3, tricks.fgm.stepSize=0.5: the last point of an ascent within epsilon
  freelb     the same, trained at every point of the ascent
  awp        tricks.fgm.epsilon=0.005: a share of each weight matrix's own length
  rdrop      tricks.rdrop.alpha=1, tricks.rdrop.pair=dropout|fgm, tricks.rdrop.reduction=mean|sum, tricks.rdrop.halved=true|false
  mixup      tricks.mixup.alpha=0.2, tricks.mixup.site=pooled|feature
Set as JSON, since they are absent where they are off: "scope":"example" of fgm, pgd and freelb moves each text by itself, "clean":false of mixup trains on
the mixed loss alone: --set 'tricks.mixup={"alpha":0.2,"site":"feature","clean":false}'
--mode as-coded sets tricks alone. Its R-Drop is added up over the rows of a micro-batch, 8 in the release, and its losses are divided by their number; its optimiser:
  --set combine=mean --set optimiser.batch=8 --set optimiser.accumulation=32 --set optimiser.warmup=0.02 --set optimiser.decay=cosine --set optimiser.clip=0
  --set optimiser.weightDecay=0
Others without a name in --tricks:
  loss.kind=ce|poly1|focal|ghm, for task 1 also mse|ranknet|listnet|lambdarank
  loss.smoothing=0.1         label smoothing: this share of the target is spread over all classes
  optimiser.layerDecay=0.9   each encoder layer's rate as a multiple of the next one's above
  optimiser.headFactor=5     the head's rate as a multiple of the encoder's

A self-check that fails (a trick that did nothing) is printed and ends with exit code 1; the model and its record are written all the same.
`;

/** `finetune`: one model for a task, measured on its held-out fold, in a folder that `predict` reads. */
export function registerFinetune(program: Command): void {
  const command = program
    .command('finetune')
    .description('fine-tune one model; killed or stopped, the same command goes on')
    .option('--task <n>', '1 ranking, 2 four classes, 3 substitute or not', '2')
    .option('--scale <name>', 'smoke, demo, small, minilm, base or paper', 'demo')
    .option('--data <path>', "real data in the ESCI schema instead of the scale's own")
    .option('--split <name>', 'train, test or all: the rows to train and measure on (default: train where real data have both)')
    .option(
      '--from <folder or name>',
      "start from this encoder, at a scale for real weights (minilm, base, paper); without it the scale's start, pre-trained as in the tables",
    )
    .option('--tricks <list>', "ema, fgm, rdrop, mixup, with the scale's settings; pgd, freelb or awp in the place of fgm")
    .option(
      '--mode <name>',
      "the tricks' settings as-published (the paper), as-coded (its release) or textbook (each trick's own paper) instead of the scale's",
    )
    .option('--seed <n>', 'which draw of everything random', '0')
    .option('--fold <n>', 'the fold that is held out and measured', '0')
    .option('--checkpoint-every <updates>', 'how often the state is saved (default 100)')
    .option('--out <folder>', 'where the model goes');
  withSettings(command, "the scale's fine-tuning").addHelpText('after', SETTINGS);
  command.action(async (options: Options) => {
    const every = options.checkpointEvery;
    const checkpointEvery = every === undefined ? undefined : wholeOf('--checkpoint-every', every, 0, Infinity);
    const seed = wholeOf('--seed', options.seed, 0, Infinity);
    const fold = wholeOf('--fold', options.fold, 0, Infinity);
    const { finetuneExperiment, finetuneInto } = await import('../experiments/finetune-request');
    if (options.listSettings) {
      const { finetuneSchema } = await import('../experiments/schema/finetune');
      return printSettings(finetuneSchema, (await finetuneExperiment({ ...options, split: 'all', seed, fold, out: '' })).config);
    }
    const request = { ...options, seed, fold, out: outOf(options) };
    checkOutputFolder('--out', request.out, { '--data': options.data, '--from': options.from });
    const done = await runShown('fine-tune', (hooks) =>
      finetuneInto(request, { ...hooks, ...(checkpointEvery === undefined ? {} : { checkpointEvery }) }),
    );
    if (!done) return;
    const { train, evaluation, split } = done.data;
    const which = split ? ` of split ${split} alone (--split all takes all)` : '';
    process.stderr.write(`trained on ${train} rows, measured on ${evaluation} held out${which}\n`);
    printOutcome(done.metrics, done.checks);
    const { isPretrainCheck } = await import('../experiments/checks');
    failedChecks(
      done.checks.filter((check) => !isPretrainCheck(check)),
      request.out,
    );
  });
}
