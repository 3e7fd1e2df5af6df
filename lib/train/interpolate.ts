import { ensure, inRange } from '../runtime/errors';

/**
 * Weights between two encoders of one shape, weight by weight: (1 − share)·base + share·tuned. Source: WiSE-FT (Wortsman et al. 2022), eq. 1.
 * Throws where a weight is missing or of another size.
 */
export function interpolateWeights(
  base: Readonly<Record<string, Float32Array>>,
  tuned: Readonly<Record<string, Float32Array>>,
  share: number,
): Record<string, Float32Array> {
  inRange('share', share, 0, 1);
  return Object.fromEntries(
    Object.entries(base).map(([name, from]) => {
      const to = tuned[name];
      ensure(
        to?.length === from.length,
        `weight ${name} must be in both encoders with ${from.length} numbers, got ${to?.length ?? 'none'}`,
      );
      return [name, from.map((x, i) => (1 - share) * x + share * to[i])];
    }),
  );
}
