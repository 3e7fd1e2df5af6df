/** Confident learning (Northcutt, Jiang and Chuang 2021) with cleanlab's names and conventions, in plain typed arrays. */
export type { Block, Probabilities } from './inputs';
export { SUM_TOLERANCE } from './inputs';
export {
  calibrateConfidentJoint,
  confidentJoint,
  confidentThresholds,
  estimateJoint,
  jointPasses,
  normalizeJoint,
  type JointCounts,
} from './joint';
export {
  computePy,
  estimateLatent,
  inverseNoiseMatrix,
  noiseMatrixFromInverse,
  PY_METHODS,
  type Latent,
  type PyMethod,
} from './latent';
export { pruneCounts, type PruneOptions } from './prune';
export { qualityScores, RANK_BY, type RankBy } from './quality';
export {
  findLabelIssues,
  findLabelIssuesMask,
  inspectLabels,
  inspectLabelsStreaming,
  issuePasses,
  type Findings,
  type FindOptions,
} from './filter';
export { runPasses, streamPasses, type BlockSource, type Passes, type Visitor } from './passes';
export { healthOf, healthSummary, type ClassHealth, type ClassOverlap, type HealthOptions, type HealthSummary } from './health';
export {
  classBalancedCut,
  classBalancedCutOf,
  firstFraction,
  precisionRecall,
  precisionRecallCurve,
  type PrecisionRecall,
} from './procedure';
export { readLabelArrays, readLabelBlocks, type LabelFiles } from './label-files';
export { argsort } from './order';
export { issueReport, readRowTexts, type IssueRow } from './issue-report';
export { FILTER_BY, type FilterBy } from './rules';
