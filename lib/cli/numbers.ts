import { ensure, inRange, shown } from '../runtime/errors';

/** More seeds than these are not planned. */
export const MOST_SEEDS = 1000;
/** More runs than these do not go side by side. */
export const MOST_JOBS = 1024;

/** The number that was typed for an option, within [low, high]. What is no number is quoted as it was typed. */
export function numberOf(option: string, text: string, low: number, high: number): number {
  const value = text.trim() === '' ? NaN : Number(text);
  ensure(!Number.isNaN(value), `${option} must be a number, got ${shown(text)}`);
  return inRange(option, value, low, high);
}

/** The same of a whole number, which must be one that a number can hold: another would be replaced by a neighbour. */
export function wholeOf(option: string, text: string, low: number, high: number): number {
  const value = numberOf(option, text, low, high);
  ensure(Number.isInteger(value), `${option} must be a whole number, got ${shown(text)}`);
  ensure(Number.isSafeInteger(value), `${option} must be a whole number ≤ ${Number.MAX_SAFE_INTEGER}, got ${shown(text)}`);
  return value;
}
