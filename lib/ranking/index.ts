export * from './types';
export { CLICK_MODEL, clickModel, trueProbabilities } from './click-model';
export {
  SIMULATION,
  impressionsOf,
  simulateImpressions,
  simulateLists,
  simulateLog,
  type ShownList,
  type SimulationOptions,
} from './simulate';
export { LABEL_GRADES, listsOfDataset, listsOfJudgements, queriesOf, readLists, type ListOptions } from './lists';
export {
  compareRankings,
  evaluateRanking,
  randomRanking,
  type EvaluateOptions,
  type HeldOut,
  type RankingEvaluation,
} from './evaluate';
export { curveError, recoverExamination, type Examination, type ExaminationOptions } from './examination';
export { vocabularyGap, withGap, type GapOptions } from './gap';
export { clickPreferences, type Preferences } from './preferences';
export * from './baselines';
export { LOG_COLUMNS, readLog, streamLog, writeLog } from './log-io';
export { readUbi, UBI_ACTIONS, type UbiOptions, type UbiReport } from './ubi';
export { describeLog, type LogDescription } from './describe-log';
