import { ensure, inRange, shown } from '../runtime/errors';

/** The number that was typed for an option, within [low, high]. What is no number is quoted as it was typed. */
export function numberOf(option: string, text: string, low: number, high: number): number {
  const value = text.trim() === '' ? NaN : Number(text);
  ensure(!Number.isNaN(value), `${option} must be a number, got ${shown(text)}`);
  return inRange(option, value, low, high);
}

/** The same of a whole number. */
export function wholeOf(option: string, text: string, low: number, high: number): number {
  const value = numberOf(option, text, low, high);
  ensure(Number.isInteger(value), `${option} must be a whole number, got ${shown(text)}`);
  return value;
}
