import type { RenderedTable, Spread } from './rendered';

type Unit = RenderedTable['unit'];

const DIGITS: Record<Unit, number> = { percent: 2, fraction: 4, loss: 3 };

/** The factor from a metric's own units to printed ones: 100 for percent. */
export function factor(unit: Unit): number {
  return unit === 'percent' ? 100 : 1;
}

/** The smallest step a table prints, in the metric's own units: 0.0001 for percent and fractions, 0.001 for a loss. */
export function resolution(unit: Unit): number {
  return 10 ** -DIGITS[unit] / factor(unit);
}

/** A figure as its table prints it: ×100 with two digits for percent, four digits for a fraction, three for a loss. `–` where there is none. */
export function figure(value: number | undefined, unit: Unit): string {
  return value === undefined || Number.isNaN(value) ? '–' : plain(value * factor(unit), DIGITS[unit]);
}

/** A change as its table prints it, always with its sign (a true minus), `0` without. */
export function signed(value: number | undefined, unit: Unit): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  const text = plain(Math.abs(value) * factor(unit), DIGITS[unit]);
  return (Number(text) === 0 ? '±' : value > 0 ? '+' : '−') + text;
}

/** `75.08 ± 0.12`; the sd is left out for one run. */
export function spread(value: Spread | undefined, unit: Unit): string {
  if (!value) return '–';
  return figure(value.mean, unit) + (Number.isNaN(value.sd) ? '' : ` ± ${figure(value.sd, unit)}`);
}

/** `[+0.05, +0.31]`. */
export function range(interval: { low: number; high: number } | undefined, unit: Unit): string {
  return interval ? `[${signed(interval.low, unit)}, ${signed(interval.high, unit)}]` : '–';
}

/** A whole number with groups: `2,069,039`. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A number with so many digits and a true minus sign. */
export function plain(value: number, digits: number): string {
  return value.toFixed(digits).replace('-', '−');
}

/** `1 seed`, `3 seeds`. */
export const plural = (n: number, word: string): string => `${count(n)} ${word}${n === 1 ? '' : 's'}`;
