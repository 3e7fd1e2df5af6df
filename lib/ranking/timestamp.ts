/**
 * Milliseconds since 1970 of a time given as a number (milliseconds; below 10¹¹ seconds) or as ISO 8601 (an offset may lack its colon or its minutes; without one it is UTC);
 * undefined where it is neither.
 */
export function parseTimestamp(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) {
    const value = Number(text);
    return Math.round(value > 0 && value < 1e11 ? value * 1000 : value);
  }
  const parts = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i.exec(text);
  if (!parts) return undefined;
  const [, day, time = '00:00', zone = 'Z'] = parts;
  const offset = /^[+-]/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}` : zone;
  const value = Date.parse(`${day}T${time}${offset.toUpperCase()}`);
  return Number.isNaN(value) ? undefined : value;
}
