import { ensure } from '../../runtime/errors';
import { LABELS, type Label, type Row } from '../types';
import { aboutOf, nameOf, readProduct, readQuery, VISIBLE_FIELDS, type QueryReading, type VisibleField } from './reading';

/** Bounds on micro-F1 (= accuracy) against the observed, noisy labels of the given rows; the same against the true labels. All in [0, 1]. */
export interface Ceilings {
  /** Always the most frequent observed label: what a model that learned nothing gets. */
  majority: number;
  /** The true label: the share of labels that noise left alone. No model can do better except by chance. */
  unflipped: number;
  /** The best rule on the visible text. */
  visibleText: number;
  /** The most frequent true label, and the best rule, against the true labels. */
  majorityTrue: number;
  visibleTextTrue: number;
}

export interface CeilingOptions {
  /** What the rule may read; default all of title, brand, colour, bullets and description. */
  fields?: readonly VisibleField[];
  /** The generator's `twoWrongShare`, default 0.2. */
  twoWrongShare?: number;
}

type Shares = Record<Label, number>;

const tally = (): Shares => ({ E: 0, S: 0, C: 0, I: 0 });
const best = (shares: Shares): Label => LABELS.reduce((a, b) => (shares[b] > shares[a] ? b : a));

/**
 * The best rule on the visible text. It knows the lexicon and, from the rows it is made from, the shares of the true labels and the noise matrix; of a row it
 * sees the query and the given fields only. It reads what the product is and which asked things its text names, so that the true label is certain
 * unless an asked thing is named nowhere. With h of n asked things hidden and the others as asked,
 *   P(S) : P(E) = π_S · [(1 − w)·h/n + w·h(h−1)/(n(n−1))] : π_E   (w = twoWrongShare where n > 1, else 0),
 * and it answers argmax_l Σ_t P(t | visible) · T[t][l]: the most probable observed label.
 * Throws InputError where rows carry no true label.
 */
export function visibleRule(rows: readonly Row[], options: CeilingOptions = {}): (row: Row) => Label {
  const { fields = VISIBLE_FIELDS, twoWrongShare = 0.2 } = options;
  const prior = tally();
  const transition: Record<Label, Shares> = { E: tally(), S: tally(), C: tally(), I: tally() };
  for (const { label, trueLabel } of rows) {
    ensure(trueLabel, 'ceilings need rows with a true label: only generated data has it');
    prior[trueLabel]++;
    transition[trueLabel][label]++;
  }
  const answer = (posterior: Partial<Shares>): Label => {
    const observed = tally();
    for (const truth of LABELS)
      for (const label of LABELS)
        observed[label] += ((posterior[truth] ?? 0) * transition[truth][label]) / Math.max(1, prior[truth]);
    return best(observed);
  };
  const queries = new Map<string, QueryReading>();
  return (row) => {
    const name = `${row.locale} ${row.query}`;
    const query = queries.get(name) ?? readQuery(row.locale, row.query);
    queries.set(name, query);
    const product = readProduct(row, fields);
    if (query.category === undefined || product.category === undefined) return answer(prior);
    if (product.category !== query.category) return answer({ I: 1 });
    if (product.accessory) return answer({ C: 1 });
    let hidden = 0;
    for (const { meaning, negated } of query.asks) {
      if (!product.about.has(aboutOf(meaning))) hidden++;
      else if (product.named.has(nameOf(meaning)) === negated) return answer({ S: 1 });
    }
    const asked = query.asks.length;
    const two = asked > 1 ? twoWrongShare : 0;
    const one = asked > 0 ? ((1 - two) * hidden) / asked : 0;
    const both = two > 0 ? (two * hidden * (hidden - 1)) / (asked * (asked - 1)) : 0;
    return answer({ E: prior.E, S: prior.S * (one + both) });
  };
}

/** The majority share and the two ceilings of generated rows (pass the rows that a model is evaluated on). Throws InputError without rows or true labels. */
export function ceilings({ rows }: { rows: readonly Row[] }, options: CeilingOptions = {}): Ceilings {
  ensure(rows.length > 0, 'ceilings need at least one row, got 0');
  const rule = visibleRule(rows, options);
  const observed = tally();
  const truth = tally();
  let unflipped = 0;
  let visible = 0;
  let visibleTrue = 0;
  for (const row of rows) {
    const guess = rule(row);
    observed[row.label]++;
    truth[row.trueLabel!]++;
    unflipped += Number(row.label === row.trueLabel);
    visible += Number(guess === row.label);
    visibleTrue += Number(guess === row.trueLabel);
  }
  return {
    majority: observed[best(observed)] / rows.length,
    unflipped: unflipped / rows.length,
    visibleText: visible / rows.length,
    majorityTrue: truth[best(truth)] / rows.length,
    visibleTextTrue: visibleTrue / rows.length,
  };
}
