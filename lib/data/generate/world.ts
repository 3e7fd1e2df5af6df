import type { Locale } from '../types';
import { brandNames, CATEGORIES, LEXICONS, type Lexicon } from './lexicon';
import type { GeneratorOptions } from './options';
import { Zipf } from './zipf';

/** A category as this world uses it: `types` are the attribute types that describe its products. */
export interface Category {
  /** Index into the lexicons' categories. */
  concept: number;
  department: number;
  types: readonly number[];
}

/** The part of the lexicons that the options select, and the laws by which concepts are drawn. */
export interface World {
  options: GeneratorOptions;
  /** Most asked first: ranks go round the departments. */
  categories: readonly Category[];
  /** Indices into `categories`, by department. */
  byDepartment: readonly (readonly number[])[];
  lexicons: Readonly<Record<Locale, Lexicon>>;
  brands: Readonly<Record<Locale, readonly string[]>>;
  categoryLaw: Zipf;
  brandLaw: Zipf;
}

/** Builds the world that checked options describe. */
export function buildWorld(options: GeneratorOptions): World {
  const categories: Category[] = [];
  for (let place = 0; place < options.categoriesPerDepartment; place++)
    for (let department = 0; department < options.departments; department++) {
      const concept = CATEGORIES.findIndex((c) => c.department === department) + place;
      const types = CATEGORIES[concept].types.filter((type) => type < options.attributeTypes).slice(0, options.typesPerCategory);
      categories.push({ concept, department, types });
    }
  const byDepartment = Array.from({ length: options.departments }, (_, d) =>
    categories.flatMap((c, i) => (c.department === d ? [i] : [])),
  );
  return {
    options,
    categories,
    byDepartment,
    lexicons: LEXICONS,
    brands: { us: brandNames('us', options.brands), es: brandNames('es', options.brands), jp: brandNames('jp', options.brands) },
    categoryLaw: new Zipf(categories.length, options.categoryZipf),
    brandLaw: new Zipf(options.brands, options.brandZipf),
  };
}
