import type { PretrainConfig, PretrainTask } from '../../pretrain/config';
import type { Scale } from '../config';

/** A scale's pre-training with these tasks only. */
export function withTasks(scale: Scale, tasks: readonly PretrainTask[]): PretrainConfig {
  const { mlm, product2query, product2brand, contrastive } = scale.pretrain;
  return {
    ...scale.pretrain,
    mlm: tasks.includes('mlm') ? mlm : null,
    product2query: tasks.includes('product2query') ? product2query : null,
    product2brand: tasks.includes('product2brand') ? product2brand : null,
    contrastive: tasks.includes('contrastive') ? contrastive : null,
  };
}

/** The encoder that the fine-tuning tables start from: as in the paper one that was pre-trained on the catalogue. */
export function tablePretraining(scale: Scale): PretrainConfig {
  return withTasks(scale, scale.name === 'minilm' ? ['product2query'] : ['mlm', 'product2query']);
}

export const START_NOTE =
  'The encoder was pre-trained on the catalogue with Mask LM and Product2Query first; every row starts from the same one.';
export const SCALE_NOTE =
  "The paper's figures come from InfoXLM-large on 2.6 million real rows. At this scale only changes can be compared, not absolute figures.";

/** The metrics printed beside micro-F1: it alone cannot tell a weak model from the majority class. */
export const BESIDE = ['macroF1', 'exactAuc', 'exactAccuracy', 'logLoss'] as const;
