import type { Bounds, ClassScore, RankingScore } from './score';

const four = (x: number | null): string => (x === null || Number.isNaN(x) ? '–' : x.toFixed(4));
const many = (n: number, what: string, plural = `${what}s`): string => `${n.toLocaleString('en-US')} ${n === 1 ? what : plural}`;

const between = (interval: Bounds | null): string => (interval ? ` [${four(interval.low)}, ${four(interval.high)}]` : '');
const how = (interval: Bounds | null): string =>
  interval ? `${interval.level * 100} % over queries, ${interval.resamples} resamples` : 'no interval over one query';

/** A score as a person reads it: the figure, which definition it is, its interval over queries, the counts, and the breakdowns. */
export function scoreText(score: RankingScore | ClassScore, unjudged: number): string {
  const lines = score.task === 1 ? ranking(score) : classes(score);
  if (unjudged > 0) lines.push(`left out: ${many(unjudged, 'prediction')} of pairs that nobody judged`);
  return lines.join('\n');
}

function ranking(score: RankingScore): string[] {
  const { interval, counts, convention } = score;
  const at = score.k === null ? '' : `@${score.k}`;
  const policy = convention.zeroIdeal === 'zero' ? 'scored 0' : 'left out';
  const lines = [
    `nDCG${at} ${four(score.ndcg)}${between(interval)}   ${how(interval)}`,
    `convention ${convention.name}: ${convention.about}`,
    `${many(score.rows, 'row')}, ${many(counts.queries, 'query', 'queries')}: ${counts.scored.toLocaleString('en-US')} scored, ${counts.zeroIdeal} without any gain (${policy}), ${counts.single} of one product, ${counts.tied} with ties`,
    `random order ${four(score.random)} (exact expectation)`,
  ];
  for (const [name, one] of Object.entries(score.locales))
    lines.push(`${name.padEnd(16)} ${four(one.ndcg)}   ${many(one.queries, 'query', 'queries')}`);
  if (!score.conventions) return lines;
  lines.push('every convention on these files:');
  for (const [name, one] of Object.entries(score.conventions)) {
    lines.push(`${name.padEnd(16)} ${four(one.ndcg)}   ${one.zeroIdeal} without gain, ${one.skipped} left out; ${one.about}`);
  }
  return lines;
}

function classes(score: ClassScore): string[] {
  const { micro_f1: micro, macro_f1: macro } = score.intervals;
  const width = Math.max(...score.classes.map((name) => name.length), 9);
  const lines = [
    `micro-F1 ${four(score.micro_f1)}${between(micro)}   ${how(micro)}`,
    `macro-F1 ${four(score.macro_f1)}${between(macro)}   weighted ${four(score.weighted_f1)}`,
    `${many(score.rows, 'row')}, ${many(score.queries, 'query', 'queries')}`,
    `${'class'.padEnd(width)} precision  recall      F1   support   given ↓ predicted → ${score.classes.join(' ')}`,
  ];
  score.per_class.forEach((one, c) => {
    const figures = [one.precision, one.recall, one.f1].map((x) => four(x).padStart(8)).join('');
    lines.push(
      `${score.classes[c].padEnd(width)}${figures}${String(one.support).padStart(10)}   ${score.confusion[c].join(' ')}`,
    );
  });
  for (const [name, one] of Object.entries(score.locales)) {
    lines.push(
      `${name.padEnd(width)} micro-F1 ${four(one.micro_f1)}   macro-F1 ${four(one.macro_f1)}   ${many(one.rows, 'row')}`,
    );
  }
  return lines;
}
