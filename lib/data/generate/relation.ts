import type { Label } from '../types';

/** What a product is, before it becomes text. Numbers index the world's categories, values, colours and brands. */
export interface Item {
  category: number;
  /** True for the category's accessory instead of the category itself. */
  accessory: boolean;
  /** One value per attribute type of the category. */
  values: readonly number[];
  color: number;
  brand: number;
}

export const COLOR = -1;
export const BRAND = -2;

/** One thing a query asks: a value of attribute `at` of its category, a colour (`at` = COLOR) or a brand (`at` = BRAND). */
export interface Slot {
  at: number;
  value: number;
  /** The searcher does not want this value. */
  negated: boolean;
}

export interface Query {
  category: number;
  slots: readonly Slot[];
}

/** The value that an item has where a slot asks. */
export function valueAt(item: Item, at: number): number {
  return at === COLOR ? item.color : at === BRAND ? item.brand : item.values[at];
}

/** How many of the asked things an item of the query's category lacks. */
export function mismatches(query: Query, item: Item): number {
  let count = 0;
  for (const slot of query.slots) if ((valueAt(item, slot.at) === slot.value) === slot.negated) count++;
  return count;
}

/** The true label: E same category and all that was asked, S same category but something asked differs, C its accessory, I anything else. */
export function relation(query: Query, item: Item): Label {
  if (item.category !== query.category) return 'I';
  if (item.accessory) return 'C';
  return mismatches(query, item) === 0 ? 'E' : 'S';
}
