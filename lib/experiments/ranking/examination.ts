import { curveError, recoverExamination } from '../../ranking';
import type { RunRecord } from '../record';
import type { RankingWorld } from './data';

/**
 * Examination by position, relative to the top: the click model's own; by expectation maximisation from the training log's clicks; and as the click-through rate by
 * position has it, which mixes what is looked at with what the shop puts first. Errors are root mean squares over positions.
 */
export function examinationCurves({ truth, train }: RankingWorld): {
  curves: RunRecord['curves'];
  metrics: Record<string, number>;
} {
  const known = truth.examination.map((e) => e / truth.examination[0]);
  const { naive, em } = recoverExamination(train);
  return {
    curves: { 'examination.true': positioned(known), 'examination.naive': positioned(naive), 'examination.em': positioned(em) },
    metrics: { examinationErrorNaive: curveError(naive, known), examinationErrorEm: curveError(em, known) },
  };
}

/** Values by position, from 1. */
export const positioned = (values: ArrayLike<number>): [number, number][] => Array.from(values, (v, k) => [k + 1, v]);
