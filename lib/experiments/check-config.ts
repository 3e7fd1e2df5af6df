import { checkStep } from '../finetune/step';
import { scoresGains } from '../finetune/losses';
import { TASKS, type PretrainConfig } from '../pretrain/config';
import { checkPlateau } from '../pretrain/plateau';
import { activeTasks } from '../pretrain/step';
import { checkNetwork } from '../ranking/multitask/config';
import { ensure, unknownChoice } from '../runtime/errors';
import type { EncoderStart, FinetuneConfig } from './config';
import { COMBINE, type EnsembleConfig } from './ensemble-run';
import type { Experiment } from './experiment';
import { membersOf, type Ranker } from './graded/config';
import { choice, check, list, settings } from './schema/fields';
import { finetuneSchema } from './schema/finetune';
import { gradedSchema } from './schema/graded';
import { pretrainSchema } from './schema/pretrain';
import { rankingSchema } from './schema/ranking';

/**
 * Whether a configuration can be trained as it stands: every key known, every word one of its choices, every number in its range, and settings that contradict each
 * other refused, before any data are read. Nothing is filled in or changed.
 */

const ensembleSchema = settings<EnsembleConfig>({ combine: choice(COMBINE), members: list(finetuneSchema) });

/** The outputs of a fine-tuned model: one gain, four classes, or two. Throws where a loss that ranks is asked of another task than 1. */
export function outputsOf({ loss, task }: Pick<FinetuneConfig, 'loss' | 'task'>): 1 | 2 | 4 {
  ensure(!scoresGains(loss) || task === 1, `loss ${loss.kind} ranks, which only task 1 does: task is ${task}`);
  return scoresGains(loss) ? 1 : task === 3 ? 2 : 4;
}

/** Throws an InputError that names the setting, what was got and what is allowed, unless the fine-tuning can be run. */
export function checkFinetune(config: FinetuneConfig): void {
  check(finetuneSchema, config);
  const { start, head, trigrams, loss, tricks, combine, optimiser, pretrain, clean } = config;
  scratch(start);
  ensure(
    head.trigrams === 0 || trigrams,
    `head.trigrams: got ${head.trigrams}; 0 where trigrams is null (there is no vocabulary)`,
  );
  ensure(
    loss.smoothing === 0 || !scoresGains(loss),
    `loss.smoothing: got ${loss.smoothing}; 0 for loss.kind ${loss.kind}, whose targets are gains (it would not be read)`,
  );
  const step = { loss, tricks, combine, accumulation: optimiser.accumulation };
  checkStep(step, head.dropout + start.dropout + start.attentionDropout, outputsOf(config));
  if (pretrain) checkTasks(pretrain, 'pretrain.');
  if (clean) {
    ensure(
      clean.method !== 'weights' || clean.rankBy !== 'confidence_weighted_entropy',
      'clean.rankBy: got confidence_weighted_entropy, which scores rows without any doubt as the worst; weights need self_confidence or normalized_margin',
    );
    ensure(
      !clean.model.select,
      'clean.model.select must be null: an out-of-fold model would choose its evaluation by the very labels that it judges',
    );
    checkFinetune(clean.model);
  }
}

/** The same of a pre-training by itself. */
export function checkPretrain(config: PretrainConfig): void {
  check(pretrainSchema, config);
  ensure(
    config.corpus === 'all',
    `corpus: got ${config.corpus}; all (a pre-training by itself has no held-out fold to leave out)`,
  );
  checkTasks(config, '');
}

/** The same of any run. */
export function checkExperiment(experiment: Experiment): void {
  switch (experiment.kind) {
    case 'finetune':
    case 'out-of-fold':
      return checkFinetune(experiment.config);
    case 'ensemble':
      check(ensembleSchema, experiment.config);
      return experiment.config.members.forEach(checkFinetune);
    case 'graded':
      check(gradedSchema, experiment.config);
      return gradedRanker(experiment.config.ranker);
    case 'ranking': {
      check(rankingSchema, experiment.config);
      const { ranker } = experiment.config;
      const networks = ranker.by === 'network' ? [ranker] : ranker.by === 'each' ? Object.values(ranker.members) : [];
      if (ranker.by === 'bi-encoder') {
        scratch(ranker.start);
        if (ranker.pretrain) checkTasks(ranker.pretrain, 'ranker.pretrain.');
      }
      networks.forEach(({ start, network, pretrain, optimiser }) => {
        scratch(start);
        const { accumulation } = optimiser;
        ensure(accumulation === 1, `ranker.optimiser.accumulation: got ${accumulation}; 1 (a ranker updates after every batch)`);
        checkNetwork(network);
        if (pretrain) checkTasks(pretrain, 'ranker.pretrain.');
      });
      return;
    }
    default:
      return unknownChoice('kind', experiment);
  }
}

/** A cross-encoder is a fine-tuning of four classes whose scores rank: what would choose or change its rows is not read. */
function gradedRanker(ranker: Ranker): void {
  membersOf(ranker).forEach(gradedRanker);
  if (ranker.by === 'cosine' && ranker.encoder.pretrain) checkTasks(ranker.encoder.pretrain, 'ranker.encoder.pretrain.');
  if (ranker.by !== 'cross-encoder') return;
  const { model } = ranker;
  checkFinetune(model);
  ensure(model.task === 2, `ranker.model.task: got ${model.task}; 2 (four classes)`);
  for (const name of ['balance', 'select', 'clean'] as const)
    ensure(!model[name], `ranker.model.${name}: got ${JSON.stringify(model[name])?.slice(0, 60)}; nothing (a graded ranker does not read it)`); // prettier-ignore
}

function scratch(start: EncoderStart): void {
  if (start.from !== 'scratch') return;
  ensure(start.hidden % start.heads === 0, `start.heads: got ${start.heads}; a divisor of start.hidden (${start.hidden})`);
  ensure(start.matching || start.upper === undefined, `start.upper: got ${start.upper}; nothing where start.matching is false (it would not be read)`); // prettier-ignore
}

function checkTasks(config: PretrainConfig, at: string): void {
  const { mlm, product2query, until, steps } = config;
  ensure(
    activeTasks(config).length > 0,
    `${at || 'the configuration: '}${TASKS[0]} … ${TASKS[TASKS.length - 1]}: at least one task must not be null`,
  );
  if (mlm) ensure(mlm.mask + mlm.random <= 1, `${at}mlm.random: got ${mlm.random}; at most 1 − ${at}mlm.mask`);
  if (product2query) {
    const { minimum, longestOne, longestTwo } = product2query;
    const most = Math.min(longestOne, longestTwo);
    for (const [locale, least] of Object.entries(minimum))
      ensure(least <= most, `${at}product2query.minimum.${locale}: got ${least}; at most longestOne and longestTwo (${most})`);
  }
  if (until) checkPlateau(until, steps);
}
