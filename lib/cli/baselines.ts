import type { Command } from 'commander';
import type { RunRecord } from '../experiments/record';
import { ensure } from '../runtime/errors';
import { MOST_SEEDS, wholeOf } from './numbers';

interface Options {
  scale: string;
  data?: string;
  seeds: string;
  folds?: string;
}

/** `baselines`: the majority class and logistic regressions on word overlap and the untrained encoder's cosine, on the same folds as task 2's tables. */
export function registerBaselines(program: Command): void {
  program
    .command('baselines')
    .description("task 2's baselines on the folds of a scale: majority, word overlap, zero-shot cosine; kept as run records")
    .option('--scale <name>', 'smoke, demo, small, minilm, base or paper', 'minilm')
    .option('--data <path>', "real data in the ESCI schema instead of the scale's own")
    .option('--seeds <n>', 'how many seeds (only generated data differ between them)', '1')
    .option('--folds <list>', "which folds, for example 0,1,2 (default: the scale's)")
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { scaleNamed } = await import('../experiments/scales');
  const { BASELINES, runBaseline } = await import('../experiments/baselines');
  const { ownRuns, saveRecord } = await import('../experiments/store');
  const scale = scaleNamed(options.scale);
  const typed = options.folds?.split(',').map((fold) => wholeOf('--folds', fold, 0, Infinity));
  const folds = [...new Set(typed ?? scale.runFolds)];
  for (const fold of folds) ensure(fold < scale.folds, `--folds must be within 0…${scale.folds - 1}, got ${fold}`);
  const seeds = wholeOf('--seeds', options.seeds, 1, MOST_SEEDS);
  const source = options.data === undefined ? scale.data : { path: options.data };
  const { start } = scale.base;
  const shown = ['microF1', 'macroF1', 'exactAccuracy', 'exactAuc', 'logLoss'] as const;
  process.stdout.write(`${'baseline'.padEnd(54)} ${shown.map((name) => name.padStart(13)).join(' ')}\n`);
  for (const [baseline, { label, features }] of Object.entries(BASELINES)) {
    if (features.includes('cosine') && start.from === 'scratch') continue;
    const records: RunRecord[] = [];
    for (let seed = 0; seed < seeds; seed++)
      for (const fold of folds) {
        const record = await runBaseline({ scale: scale.name, seed, fold, folds: scale.folds, source, start, baseline });
        saveRecord(ownRuns(), record);
        records.push(record);
      }
    const mean = (name: string): number => records.reduce((sum, r) => sum + r.metrics[name], 0) / records.length;
    process.stdout.write(`${label.padEnd(54)} ${shown.map((name) => mean(name).toFixed(4).padStart(13)).join(' ')}\n`);
  }
}
