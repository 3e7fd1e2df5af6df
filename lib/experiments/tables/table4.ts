import type { Scale } from '../config';
import type { FinetuneTable } from './index';
import { BESIDE, scaleNote, startNote, tablePretraining } from './pretrained';

/** Table 4: the loss of the classifier. */
export function table4(scale: Scale): FinetuneTable {
  const row = (id: 'ce' | 'focal' | 'ghm' | 'poly1', label: string, value: number, line: number) => ({
    id,
    label,
    patch: { loss: { kind: id } },
    ...(id === 'ce' ? {} : { against: 'ce' }),
    paper: {
      value,
      ...(id === 'ce' ? {} : { change: Math.round((value - 0.7508) * 1e4) / 1e4 }),
      source: `Table 4, row ${line}`,
    },
  });
  return {
    id: '4',
    title: 'Table 4: losses (task 2)',
    base: { ...scale.base, pretrain: tablePretraining(scale) },
    metric: 'microF1',
    beside: BESIDE,
    unit: 'percent',
    higherIsBetter: true,
    stepTime: true,
    notes: [
      scaleNote(scale),
      startNote(scale),
      'GHM-C here counts gradient lengths within the batch, without a running average over batches.',
    ],
    rows: [
      row('ce', 'Cross-entropy', 0.7508, 1),
      row('focal', 'Focal', 0.7473, 2),
      row('ghm', 'GHM-C', 0.7485, 3),
      row('poly1', 'Poly-1', 0.7521, 4),
    ],
  };
}
