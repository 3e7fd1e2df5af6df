import type { PretrainTask } from '../../pretrain/config';
import type { Scale } from '../config';
import type { FinetuneTable } from './index';
import { BESIDE, SCALE_NOTE, withTasks } from './pretrained';

const LADDER: readonly {
  id: string;
  label: string;
  task: PretrainTask;
  paper: { value: number; change?: number; source: string };
}[] = [
  { id: 'mlm', label: 'Mask LM', task: 'mlm', paper: { value: 0.7497, source: 'Table 3, row 1' } },
  {
    id: 'p2q',
    label: '+ Product2Query',
    task: 'product2query',
    paper: { value: 0.7505, change: 0.0008, source: 'Table 3, row 2' },
  },
  {
    id: 'brand',
    label: '++ Product2Brand',
    task: 'product2brand',
    paper: { value: 0.7508, change: 0.0003, source: 'Table 3, row 3' },
  },
  {
    id: 'contrastive',
    label: '+++ Contrastive',
    task: 'contrastive',
    paper: { value: 0.7508, change: 0, source: 'Table 3, row 4' },
  },
];

/** Table 3: what each pre-training task adds, cumulatively, at equal steps; after it the same fine-tuning. */
export function table3(scale: Scale): FinetuneTable {
  const ladder = LADDER.map(({ id, label, paper }, i) => ({
    id,
    label,
    patch: {
      pretrain: withTasks(
        scale,
        LADDER.slice(0, i + 1).map((step) => step.task),
      ),
    },
    against: i === 0 ? 'none' : LADDER[i - 1].id,
    paper,
  }));
  return {
    id: '3',
    title: 'Table 3: pre-training tasks (task 2)',
    base: { ...scale.base, pretrain: null },
    metric: 'microF1',
    beside: [...BESIDE, 'mlmLoss', 'pairAccuracy'],
    unit: 'percent',
    higherIsBetter: true,
    notes: [
      SCALE_NOTE,
      'Every row has the same number of pre-training steps; fuller rows share them between more tasks and may not have converged.',
    ],
    rows: [
      { id: 'none', label: 'No pre-training', patch: {} },
      ...ladder,
      { id: 'p2q-only', label: 'Product2Query alone', patch: { pretrain: withTasks(scale, ['product2query']) }, against: 'none' },
    ],
  };
}
