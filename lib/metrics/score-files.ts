import { PairFiles, type ColumnPlan } from './pair-files';
import type { ScoreRows } from './score';

const JUDGED: ColumnPlan = {
  kinds: { esci_label: 'label', grade: 'number', product_locale: 'text', locale: 'text' },
  required: [['esci_label', 'grade']],
};
const JUDGED_GRADES: ColumnPlan = { kinds: { grade: 'number', product_locale: 'text', locale: 'text' }, required: [['grade']] };
const JUDGED_CLASSES: ColumnPlan = { ...JUDGED, required: [['esci_label']] };
const JUDGED_SUBSTITUTE: ColumnPlan = {
  kinds: { esci_label: 'label', substitute_label: 'substitute', product_locale: 'text', locale: 'text' },
  required: [['esci_label', 'substitute_label']],
};
const PREDICTED: Record<1 | 2 | 3, ColumnPlan> = {
  1: { kinds: { score: 'number' }, required: [['score']] },
  2: { kinds: { label: 'label' }, required: [['label']] },
  3: { kinds: { label: 'substitute' }, required: [['label']] },
};

/**
 * Reads a judgement and a prediction file for a task and joins them by pair. Judgements: query_id, product_id, esci_label (task 1 also grade as gains,
 * used where esci_label is absent or `gains` asks for them; task 3 also substitute_label). Predictions: score (task 1) or label (E, S, C, I in task 2; substitute or
 * no_substitute in task 3, compared with "esci_label is S"). Throws an InputError on a broken file (see `PairFiles`). Predictions of pairs nobody
 * judged are left out and counted.
 */
export async function readScoreRows(
  task: 1 | 2 | 3,
  judgements: string,
  predictions: string,
  split?: string,
  gains?: 'grades',
): Promise<{ rows: ScoreRows; unjudged: number }> {
  const files = await PairFiles.open();
  try {
    const plan = task === 1 ? (gains ? JUDGED_GRADES : JUDGED) : task === 2 ? JUDGED_CLASSES : JUDGED_SUBSTITUTE;
    await files.load('judged', judgements, plan, split === undefined ? undefined : { column: 'split', equals: split });
    await files.load('predicted', predictions, PREDICTED[task]);
    const aligned = await files.align('judged', ['predicted']);
    const { query, queryIds, numbers, texts, extra } = aligned;
    const label = numbers['judged.esci_label'] as Float64Array | undefined;
    const substitute = numbers['judged.substitute_label'] ?? label?.map((id) => Number(id === 1));
    const rows: ScoreRows = {
      query,
      queryIds,
      label: task === 3 ? substitute : label,
      grade: numbers['judged.grade'],
      score: numbers['predicted.score'],
      predicted: numbers['predicted.label'],
      locale: texts['judged.product_locale'] ?? texts['judged.locale'],
    };
    return { rows, unjudged: extra.predicted };
  } finally {
    files.close();
  }
}
