import { ensure, inRange, oneOf } from '../../runtime/errors';
import { SIGNALS, type Signal } from '../types';

/**
 * What the tasks share between the encoder and their towers: one expert of one task (`single`); one expert for all (`shared-bottom`); a mixture of experts with
 * one gate per task (`mmoe`, Ma et al. 2018a); experts of each task beside shared ones, in layers (`ple`, Tang et al. 2020).
 */
export const SHARINGS = ['single', 'shared-bottom', 'mmoe', 'ple'] as const;
/**
 * What passes from one tower to the next along the funnel: nothing; probabilities that multiply (`esmm`, Ma et al. 2018b); a vector chosen by attention
 * (`aitm`, Xi et al. 2021).
 */
export const TRANSFERS = ['none', 'esmm', 'aitm'] as const;
/**
 * How position enters: not at all; a logit added to each task's (Zhao et al. 2019); P(seen at k) times P(· | seen) (`multiplicative`, PAL, Guo et al. 2019).
 * At ranking time it is left out, which means "as if shown at the top".
 */
export const POSITIONS = ['none', 'additive', 'multiplicative'] as const;
export const FEATURES = ['price', 'popularity'] as const;

/** The network from the encoder's vector to the three probabilities; every published form is a value of it. */
export interface NetworkConfig {
  /** The signals that are predicted, in the order of the funnel. */
  tasks: readonly Signal[];
  sharing: (typeof SHARINGS)[number];
  /** Shared experts (`mmoe`, `ple`). */
  experts: number;
  /** Experts of each task (`ple`). */
  taskExperts: number;
  /** Extraction layers (`ple`). */
  layers: number;
  expertWidth: number;
  towerWidth: number;
  transfer: (typeof TRANSFERS)[number];
  /** Weight of AITM's calibrator, Σ max(p_later − p_earlier, 0); the paper's 0.6. */
  calibrator: number;
  position: (typeof POSITIONS)[number];
  /** Numbers of the product that join each tower. */
  features: readonly (typeof FEATURES)[number][];
  pooling: 'cls' | 'mean';
  /** On the encoder's vector. */
  dropout: number;
  /** `fixed`: Σ w·L. `uncertainty`: Σ w·(exp(−s)·L + s/2) with a trained s per task (Kendall et al. 2018). */
  weighting: 'fixed' | 'uncertainty';
  taskWeights: Readonly<Record<Signal, number>>;
}

export interface NetworkSizes {
  hidden: number;
  /** Numbers per pair, see `featureColumns`. */
  features: number;
  /** Largest position that the position tower tells apart; larger ones count as it. */
  positions: number;
}

/** Columns of features that each name stands for: price against the query's other products and against the catalogue; popularity. */
export const featureWidth = (features: NetworkConfig['features']): number =>
  features.reduce((n, feature) => n + (feature === 'price' ? 2 : 1), 0);

/** Refuses settings that cannot work, in one line. */
export function checkNetwork(config: NetworkConfig): void {
  const { tasks, sharing, transfer } = config;
  for (const task of tasks) oneOf('network.tasks', task, SIGNALS);
  oneOf('network.sharing', sharing, SHARINGS);
  oneOf('network.transfer', transfer, TRANSFERS);
  oneOf('network.position', config.position, POSITIONS);
  for (const feature of config.features) oneOf('network.features', feature, FEATURES);
  const order = tasks.map((task) => SIGNALS.indexOf(task));
  ensure(
    tasks.length > 0 && order.every((at, i) => i === 0 || at > order[i - 1]),
    `network.tasks must be some of ${SIGNALS.join(', ')} in this order, got ${tasks.join(', ') || 'none'}`,
  );
  ensure(sharing !== 'single' || tasks.length === 1, `network.sharing single needs one task, got ${tasks.join(', ')}`);
  ensure(
    transfer === 'none' || (tasks.length > 1 && tasks[0] === 'click'),
    `network.transfer ${transfer} needs tasks from click on, got ${tasks.join(', ')}`,
  );
  for (const name of ['experts', 'taskExperts', 'layers', 'expertWidth', 'towerWidth'] as const) {
    inRange(`network.${name}`, config[name], 1, 4096);
    ensure(Number.isInteger(config[name]), `network.${name} must be a whole number, got ${config[name]}`);
  }
  inRange('network.calibrator', config.calibrator, 0, 1000);
  inRange('network.dropout', config.dropout, 0, 0.99);
  for (const task of tasks) inRange(`network.taskWeights.${task}`, config.taskWeights[task], 0, 1e6);
  ensure(
    tasks.some((task) => config.taskWeights[task] > 0),
    'network.taskWeights: at least one task needs a weight above 0',
  );
}
