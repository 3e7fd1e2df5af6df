import type { Product } from '../../data/types';
import type { GradedJudgement } from '../../data';
import { listsOfJudgements } from '../../ranking';
import { Key } from '../../runtime/key';
import type { RankingData } from '../../ranking';

/** A tiny shop: `queries` lists of `size` products each, graded 0 … 3 in turn, every product in one list. */
export function tinyLists(queries = 5, size = 7): RankingData {
  const products: Product[] = [];
  const judgements: GradedJudgement[] = [];
  for (let q = 0; q < queries; q++)
    for (let i = 0; i < size; i++) {
      const productId = `p${q}x${i}`;
      products.push({
        productId,
        locale: 'us',
        title: `thing ${q} variant ${i}`,
        description: '',
        bullets: '',
        brand: '',
        color: '',
      });
      judgements.push({ query: `thing ${q}`, queryId: String(100 + q), productId, grade: (i + q) % 4 });
    }
  return listsOfJudgements('tiny', products, judgements, { key: Key.from('tiny'), testShare: 0, devShare: 0 });
}
