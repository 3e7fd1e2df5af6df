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

/**
 * Variance, standard error and Satterthwaite's degrees of freedom of the mean difference over `seeds` seeds (those seen, or as many as are planned):
 * V = V_seeds + V_queries − V_interaction, not below either. V_seeds and V_interaction fall as 1 / seeds; V_queries too where each seed has
 * queries of its own, otherwise only by its interaction.
 */
export function errorAt(parts: VarianceParts, seeds = parts.seeds): { variance: number; standardError: number; df: number } {
  const ratio = parts.seeds / seeds;
  const perSeeds = parts.perSeeds * ratio;
  const interaction = parts.interaction * ratio;
  const perQueries = parts.shared ? Math.max(0, parts.perQueries - parts.interaction * (1 - ratio)) : parts.perQueries * ratio;
  const queries = Math.max(1, (parts.shared ? parts.queries : parts.queries / ratio) - 1);
  const total = Math.max(perQueries, perSeeds, perQueries + perSeeds - interaction);
  const freedom = total ** 2 / (Math.min(perSeeds, total) ** 2 / Math.max(1, seeds - 1) + perQueries ** 2 / queries);
  return { variance: total, standardError: Math.sqrt(total), df: total > 0 ? Math.max(1, freedom) : queries };
}
