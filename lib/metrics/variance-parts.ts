import { studentQuantile } from './student';

/** Where the chance of a mean paired difference comes from: variances of the mean over `seeds` seeds, each measured on its evaluation queries. */
export interface VarianceParts {
  seeds: number;
  /** Evaluation queries in all. */
  queries: number;
  /** Of other seeds, and of other queries. */
  perSeeds: number;
  perQueries: number;
  /** What both of them hold: the seed × query interaction; all of `perQueries` where each seed has queries of its own. */
  interaction: number;
  /** Whether all seeds were measured on the same queries: then more seeds do not make the queries' own share smaller. */
  shared: boolean;
}

/** How well a standard error is known: degrees of freedom of the two parts of its variance, and the seeds' share of it (0 to 1). */
export interface Freedom {
  seeds: number;
  queries: number;
  share: number;
}

/**
 * Quantile of a mean difference in its standard errors: each part's Student's t, weighted by the part's share of the variance (Cochran and Cox 1957). It holds its
 * level from two seeds on; Satterthwaite's degrees of freedom do not, for where a few seeds happen to agree they find the variance small and well known at once
 * (two seeds whose own spread leads: 13 % of intervals at 95 % missed).
 */
export function errorQuantile(probability: number, { seeds, queries, share }: Freedom): number {
  const part = (weight: number, df: number): number => (weight > 0 ? weight * studentQuantile(probability, df) : 0);
  return part(share, seeds) + part(1 - share, queries);
}

/**
 * Variance, standard error and what is known of it for the mean difference over `seeds` seeds (those seen, or as many as are planned):
 * V = V_seeds + V_queries − V_interaction, not below either. V_seeds and V_interaction fall as 1 / seeds; V_queries too where each seed has
 * queries of its own, otherwise only by its interaction.
 */
export function errorAt(
  parts: VarianceParts,
  seeds = parts.seeds,
): { variance: number; standardError: number; freedom: Freedom } {
  const ratio = parts.seeds / seeds;
  const perSeeds = parts.perSeeds * ratio;
  const interaction = parts.interaction * ratio;
  const perQueries = parts.shared ? Math.max(0, parts.perQueries - parts.interaction * (1 - ratio)) : parts.perQueries * ratio;
  const variance = Math.max(perQueries, perSeeds, perQueries + perSeeds - interaction);
  const freedom = {
    seeds: Math.max(1, seeds - 1),
    queries: Math.max(1, (parts.shared ? parts.queries : parts.queries / ratio) - 1),
    share: variance > 0 ? Math.min(1, perSeeds / variance) : 0,
  };
  return { variance, standardError: Math.sqrt(variance), freedom };
}
