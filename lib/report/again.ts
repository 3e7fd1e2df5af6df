import type { RunRecord } from '../experiments/record';
import { plural } from './numbers';

/** How runs that were made again compare with the records of the same runs, in a line or two: how many have the same metrics to the last digit, and the largest difference of the rest. */
export function againText(records: readonly RunRecord[], committed: readonly RunRecord[]): string {
  const known = new Map(committed.map((record) => [record.id, record.metrics]));
  const both = [...new Map(records.map((record) => [record.id, record])).values()].filter(({ id }) => known.has(id));
  const changes = both.map((record) => ({ record, ...largest(record.metrics, known.get(record.id)!) }));
  const moved = changes.filter(({ by }) => by > 0).sort((a, b) => b.by - a.by);
  const fresh = new Set(records.map(({ id }) => id)).size - both.length;
  const beside = fresh > 0 ? `; ${plural(fresh, 'run')} had no record` : '';
  const head = `again: ${plural(both.length, 'run')} with a record that came with the project, ${both.length - moved.length} with the same metrics to the last digit${beside}`;
  if (!moved.length) return head;
  const [{ record, name, by }] = moved;
  return `${head}\nlargest difference: ${name} by ${by.toPrecision(2)} (run ${record.id}); \`npm run esci -- diff ${record.id} data/cache/again/${record.id}.json\` shows it`;
}

/** The metric that differs most, relative to 1; one that stands in a single record differs without bound. */
function largest(ours: RunRecord['metrics'], theirs: RunRecord['metrics']): { name: string; by: number } {
  let most = { name: '', by: 0 };
  for (const name of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const [a, b] = [ours[name], theirs[name]];
    const by = a === undefined || b === undefined ? Infinity : Object.is(a, b) ? 0 : Math.abs(a - b);
    if (by > most.by) most = { name, by };
  }
  return most;
}
