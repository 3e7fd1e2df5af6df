import type { FinetuneConfig, Scale } from '../config';
import type { FinetuneTable } from './index';
import { WORD2VEC_AS_CODED } from '../../text/word2vec';
import { scaleNote, startNote, tablePretraining } from './pretrained';

/** Table 7: how the character tri-gram bags start (task 3). */
export function table7(scale: Scale): FinetuneTable {
  const trigrams = { groups: 'paper', keepLast: true, vocabulary: 4000, capacity: 48, init: 'random', frozen: false, word2vec: undefined } as const; // prettier-ignore
  const large = scale.name === 'base' || scale.name === 'paper';
  const base: FinetuneConfig = {
    ...scale.base,
    task: 3,
    pretrain: tablePretraining(scale),
    head: { ...scale.base.head, trigrams: 64 },
    trigrams: large ? { ...scale.base.trigrams!, init: 'random', word2vec: undefined } : trigrams,
  };
  return {
    id: '7',
    title: 'Table 7: initialising the tri-gram bags (task 3)',
    base,
    metric: 'microF1',
    beside: ['macroF1', 'logLoss'],
    unit: 'percent',
    higherIsBetter: true,
    stepTime: true,
    notes: [
      scaleNote({ ...scale, base }),
      startNote(scale),
      'The paper says of the random start only that it "converges slowly".',
    ],
    rows: [
      { id: 'random', label: 'Random', patch: {} },
      {
        id: 'word2vec',
        label: 'word2vec',
        patch: { trigrams: { init: 'word2vec' } },
        against: 'random',
        paper: { value: 0.8533, source: 'Table 7, row 2' },
      },
      {
        id: 'frozen',
        label: 'word2vec, frozen',
        patch: { trigrams: { init: 'word2vec', frozen: true } },
        against: 'word2vec',
        paper: { value: 0.8529, change: -0.0004, source: 'Table 7, row 3' },
      },
      {
        id: 'word2vec-coded',
        label: `word2vec as coded (window ${WORD2VEC_AS_CODED.window}, ${WORD2VEC_AS_CODED.negatives} noise grams a pair)`,
        patch: { trigrams: { init: 'word2vec', word2vec: WORD2VEC_AS_CODED } },
        against: 'word2vec',
        group: 'modes',
      },
      { id: 'none', label: 'No bags', patch: { head: { trigrams: 0 }, trigrams: null }, against: 'word2vec' },
    ],
  };
}
