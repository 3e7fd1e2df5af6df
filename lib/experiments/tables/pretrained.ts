import { TASKS, type PretrainConfig, type PretrainTask } from '../../pretrain/config';
import type { FinetuneConfig, Scale } from '../config';

/** A scale's pre-training with these tasks only. */
export function withTasks(scale: Scale, tasks: readonly PretrainTask[]): PretrainConfig {
  const { mlm, product2query, product2brand, contrastive } = scale.pretrain;
  // Typed by task, so that the compiler asks for a new one: one left out here would be dropped without a word.
  const chosen: { [K in PretrainTask]: PretrainConfig[K] } = {
    mlm: tasks.includes('mlm') ? mlm : null,
    product2query: tasks.includes('product2query') ? product2query : null,
    product2brand: tasks.includes('product2brand') ? product2brand : null,
    contrastive: tasks.includes('contrastive') ? contrastive : null,
  };
  return { ...scale.pretrain, ...chosen };
}

/** The encoder that the fine-tuning tables start from: as in the paper one that was pre-trained on the catalogue. Null where a user switched that off. */
export function tablePretraining(scale: Scale): PretrainConfig | null {
  if (scale.tablePretrain !== undefined) return scale.tablePretrain;
  return withTasks(scale, scale.name === 'minilm' ? ['product2query'] : ['mlm', 'product2query']);
}

const TASK_NAMES: Record<PretrainTask, string> = {
  mlm: 'Mask LM',
  product2query: 'Product2Query',
  product2brand: 'Product2Brand',
  contrastive: 'contrastive learning',
};

/** What the tables of fine-tuned models say of their start, true of the scale at hand. */
export function startNote(scale: Scale): string {
  const pretrain = tablePretraining(scale);
  const { start } = scale.base;
  const from = start.from === 'scratch' ? 'The encoder, drawn at random,' : `The encoder, ${start.name},`;
  if (!pretrain) return `${from} is taken as it is; every row starts from the same one.`;
  const tasks = TASKS.filter((task) => pretrain[task]).map((task) => TASK_NAMES[task]);
  const text = pretrain.extra?.length
    ? `on the catalogue and ${pretrain.extra.map(({ name }) => name).join(', ')}`
    : 'on the catalogue';
  return `${from} was pre-trained ${text} with ${tasks.join(' and ')} first; every row starts from the same one.`;
}

/** What may be compared with the paper's figures at a scale. */
export function scaleNote({ name, base }: Scale): string {
  const { start } = base;
  const paper = "The paper's figures come from InfoXLM-large on 2.6 million real rows.";
  if (name === 'paper')
    return `${paper} This is their configuration: on the same release absolute figures can be compared, but for the split.`;
  if (start.from === 'scratch') return `${paper} At this scale only changes can be compared, not absolute figures.`;
  return `${paper} Here it is ${start.name}, a smaller encoder, on the rows named above: only changes can be compared, not absolute figures. ${departures(base)}`;
}

/** Where a smaller scale's fine-tuning differs from the paper's besides the encoder. */
function departures({ text, head, trigrams, loss, optimiser, length }: FinetuneConfig): string {
  const without = [
    ...(head.brand || head.color || head.country ? [] : ['no embeddings of brand, colour or country']),
    ...(trigrams ? [] : ['no tri-gram bags']),
  ];
  const parts = [
    `${text.fields.join(' and ')} alone`,
    `${text.maxLength} tokens`,
    `${head.pooling === 'mean' ? 'mean pooling' : 'the first token'}`,
    ...without,
    ...(loss.kind === 'ce' ? ['cross-entropy'] : []),
    `rate ${optimiser.learningRate}`,
    ...('epochs' in length ? [`${length.epochs} epochs`] : []),
  ];
  return `Unlike the paper: ${parts.join(', ')}.`;
}

/** What text is pre-trained on, and for how long. */
export function corpusNote({ pretrain }: Scale): string {
  const others = pretrain.extra?.length ? ` and those of ${pretrain.extra.map(({ name }) => name).join(', ')}` : '';
  return `Pre-training: ${pretrain.steps} updates of ${pretrain.batch} products on the text of the data's own products${others}.`;
}

/** The metrics printed beside micro-F1: it alone cannot tell a weak model from the majority class. */
export const BESIDE = ['macroF1', 'exactAuc', 'exactAccuracy', 'logLoss'] as const;
