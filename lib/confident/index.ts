/**
 * Confident learning (Northcutt, Jiang and Chuang 2021) with the names and conventions of cleanlab 2.9, in plain typed arrays.
 *
 * Where it departs from cleanlab:
 * - Rows of probabilities must be finite and sum to 1; `fracNoise` with a filter that has no use for it is refused (cleanlab warns); one class alone is let be.
 * - Arithmetic is in float64 also for float32 probabilities, and class means are compensated sums. So where two scores are equal but for their last bit
 *   (rounded probabilities under an adjusted or entropy score), they may change places.
 * - Equal keys come in the order of `numpy.argsort` on a CPU with AVX-512 (see `order.ts`); on other CPUs cleanlab's own order differs above 256 keys.
 *   Not followed: more than 256 keys of a handful of values, where NumPy falls back to a third algorithm, and cuts among over four million keys.
 */
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
