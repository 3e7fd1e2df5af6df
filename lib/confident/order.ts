/**
 * Ascending order with equal keys in the order that NumPy gives them, because cleanlab's lists and its rounding of the joint hang on it.
 * `numpy.argsort` is not stable: on x86 it sorts runs of up to 256 keys by a bitonic network and splits longer ones around a pivot, eight keys at a time.
 * Runs of up to 256 come out alike with AVX2 and AVX-512, longer ones as with AVX-512. The same on every machine here.
 */

const NETWORK = 256;
const LANES = 8;
const STRIDE = 4 * LANES;

/** Indices that put `keys` in ascending order, as `numpy.argsort(keys)` would. NaN is not allowed. // [n] → [n] */
export function argsort(keys: ArrayLike<number>): Int32Array {
  const order = Int32Array.from({ length: keys.length }, (_, i) => i);
  for (let i = 1; i < keys.length; i++)
    if (keys[i] < keys[i - 1]) {
      sort(keys, order, 0, keys.length, 2 * Math.floor(Math.log2(keys.length)));
      break;
    }
  return order;
}

function sort(keys: ArrayLike<number>, order: Int32Array, from: number, to: number, depth: number): void {
  if (to - from <= NETWORK) return network(keys, order, from, to);
  if (depth <= 0) {
    order.subarray(from, to).sort((a, b) => keys[a] - keys[b] || a - b);
    return;
  }
  const pivot = medianOfEight(keys, order, from, to);
  let allAbove = true;
  let allEqual = true;
  for (let i = from; i < to; i++) {
    if (keys[order[i]] < pivot) allAbove = false;
    if (keys[order[i]] > pivot) allEqual = false;
  }
  const cut = partition(keys, order, from, to, pivot);
  if (!allAbove) sort(keys, order, from, cut, depth - 1);
  if (!allEqual) sort(keys, order, cut, to, depth - 1);
}

const runKeys = new Float64Array(NETWORK);
const runRows = new Int32Array(NETWORK);

/**
 * A bitonic sorting network over the next power of two, in the form where every comparator puts the smaller key lower:
 * blocks of 2, 4, 8 … are folded on their middle, then halved. Beyond the end stand the largest keys, which never move.
 */
function network(keys: ArrayLike<number>, order: Int32Array, from: number, to: number): void {
  const n = to - from;
  for (let i = 0; i < n; i++) runKeys[i] = keys[(runRows[i] = order[from + i])];
  for (let size = 2; size < 2 * n; size *= 2) {
    for (let block = 0; block < n; block += size)
      for (let low = block, high = block + size - 1; low < high; low++, high--) if (high < n) exchange(low, high);
    for (let half = size / 4; half >= 1; half /= 2)
      for (let low = 0; low + half < n; low++) {
        if ((low & half) !== 0) low += half;
        if (low + half < n) exchange(low, low + half);
      }
  }
  for (let i = 0; i < n; i++) order[from + i] = runRows[i];
}

function exchange(low: number, high: number): void {
  const key = runKeys[low];
  if (!(key > runKeys[high])) return;
  runKeys[low] = runKeys[high];
  runKeys[high] = key;
  const row = runRows[low];
  runRows[low] = runRows[high];
  runRows[high] = row;
}

function medianOfEight(keys: ArrayLike<number>, order: Int32Array, from: number, to: number): number {
  const step = Math.floor((to - 1 - from) / LANES);
  return Float64Array.from({ length: LANES }, (_, i) => keys[order[from + (i + 1) * step]]).sort()[LANES / 2];
}

/** Moves keys below the pivot to the front, in the order in which eight-lane registers are read and written; returns where the others start. */
function partition(keys: ArrayLike<number>, order: Int32Array, from: number, to: number, pivot: number): number {
  let left = from;
  let right = to;
  for (let rest = (to - from) % STRIDE; rest > 0; rest--) {
    if (keys[order[left]] < pivot) left++;
    else {
      right--;
      const held = order[left];
      order[left] = order[right];
      order[right] = held;
    }
  }
  let low = left;
  let high = right;
  const rows = new Int32Array(STRIDE);
  const write = (rows: Int32Array): void => {
    for (let at = 0; at < STRIDE; at += LANES) {
      let above = 0;
      for (let i = at; i < at + LANES; i++) if (!(keys[rows[i]] < pivot)) above++;
      high -= above;
      let put = high;
      for (let i = at; i < at + LANES; i++) {
        if (keys[rows[i]] < pivot) order[low++] = rows[i];
        else order[put++] = rows[i];
      }
    }
  };
  const first = order.slice(left, left + STRIDE);
  const last = order.slice(right - STRIDE, right);
  left += STRIDE;
  right -= STRIDE;
  while (left < right) {
    // read from the side with less room
    const fromRight = high - right < left - low;
    if (fromRight) right -= STRIDE;
    const start = fromRight ? right : left;
    for (let i = 0; i < STRIDE; i++) rows[i] = order[start + i];
    if (!fromRight) left += STRIDE;
    write(rows);
  }
  write(first);
  write(last);
  return low;
}
