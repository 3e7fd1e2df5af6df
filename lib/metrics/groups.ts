import { ensure } from '../runtime/errors';

/** Rows gathered by group: rows of group g are `order[offsets[g]] … order[offsets[g + 1] - 1]`, in row order. */
export interface Groups {
  count: number;
  order: Int32Array;
  offsets: Int32Array;
}

/** Gathers rows by their group number (0 … count − 1) in one counting pass, O(rows). Groups without rows are empty, not an error. */
export function groupRows(group: ArrayLike<number>, count?: number): Groups {
  const n = group.length;
  let groups = count ?? 0;
  for (let i = 0; i < n; i++) {
    ensure(Number.isInteger(group[i]) && group[i] >= 0, `group of row ${i} must be a whole number ≥ 0, got ${group[i]}`);
    if (group[i] >= groups) groups = group[i] + 1;
  }
  const offsets = new Int32Array(groups + 1);
  for (let i = 0; i < n; i++) offsets[group[i] + 1]++;
  for (let g = 0; g < groups; g++) offsets[g + 1] += offsets[g];
  const next = offsets.slice();
  const order = new Int32Array(n);
  for (let i = 0; i < n; i++) order[next[group[i]]++] = i;
  return { count: groups, order, offsets };
}

/** Running numbers 0, 1, 2 … for keys of any kind, in order of first appearance. */
export function runningNumbers(keys: Iterable<string | number>): { numbers: Int32Array; names: (string | number)[] } {
  const seen = new Map<string | number, number>();
  const numbers: number[] = [];
  for (const key of keys) {
    let number = seen.get(key);
    if (number === undefined) seen.set(key, (number = seen.size));
    numbers.push(number);
  }
  return { numbers: Int32Array.from(numbers), names: [...seen.keys()] };
}
