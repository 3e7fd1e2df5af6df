import type { Key } from '../../runtime/key';
import type { Product } from '../types';
import { CATEGORIES } from './lexicon';
import { readProduct } from './reading';

export interface ProductFacts {
  /** In units of money, with cents, > 0. */
  price: number;
  /** Relative demand, ≥ 1, heavy-tailed. */
  popularity: number;
}

/** Standard deviation of the logarithm of the price within a category. */
const PRICE_SPREAD = 0.5;
/** An accessory costs this part of its category's typical price. */
const ACCESSORY_PRICE = 0.25;
/** The typical price of a product that no word of the lexicon names, and how wide such prices spread. */
const UNKNOWN_LOG_PRICE = Math.log(40);
const UNKNOWN_SPREAD = 1;
/** Exponent s of Zipf's law. */
const POPULARITY_EXPONENT = 0.8;

/**
 * Price and popularity of a generated or any other product, from its locale, id and title alone: the same key gives the same facts, whatever was asked before.
 * Price is log-normal, exp(μ + σz), with the category's μ where the title names one of the lexicon's categories. Popularity follows Zipf's law in its
 * continuous form: u^(−s) for uniform u in (0, 1], so that the product of rank r among n has about (n/r)^s.
 */
export function productFacts(product: Product, key: Key): ProductFacts {
  const random = key.fold('facts', product.locale, product.productId).random();
  const { category, accessory } = readProduct(product, ['title']);
  const mean =
    category === undefined ? UNKNOWN_LOG_PRICE : CATEGORIES[category].logPrice + (accessory ? Math.log(ACCESSORY_PRICE) : 0);
  const price = Math.exp(mean + (category === undefined ? UNKNOWN_SPREAD : PRICE_SPREAD) * random.normal());
  return {
    price: Math.max(0.01, Math.round(price * 100) / 100),
    popularity: Math.pow(1 - random.uniform(), -POPULARITY_EXPONENT),
  };
}
