import type { Random } from '../../runtime/key';
import type { Label, Locale, Product } from '../types';
import { BRAND, COLOR, mismatches, relation, type Item, type Query } from './relation';
import { nearDuplicate, writeProduct } from './text';
import type { World } from './world';

/** A product and what it is. */
export interface Entry {
  item: Item;
  product: Product;
}

/** The products of one chunk: makes them, and finds one made earlier that bears a given relation to a query. */
export class Catalogue {
  readonly products: Product[] = [];
  private readonly places = new Map<string, Entry[]>();

  constructor(
    private readonly world: World,
    private readonly structure: Random,
    private readonly text: Random,
    private serial: number,
  ) {}

  /** The number that the next product's id will be made of. */
  get nextSerial(): number {
    return this.serial;
  }

  /** A product for one row of a query with the wanted true label: a near-duplicate of the query's own, one of an earlier query, or a new one. */
  candidate(locale: Locale, query: Query, wanted: Label, own: ReadonlyMap<Label, Entry[]>): Entry {
    const { options } = this.world;
    const { structure } = this;
    const duplicate = structure.bernoulli(options.duplicateShare);
    const reuse = structure.bernoulli(options.reuseShare);
    const twins = own.get(wanted);
    if (duplicate && twins) {
      const { item, product } = structure.choice(twins);
      const twin = nearDuplicate(this.world, product, this.id(), this.text);
      this.products.push(twin);
      return this.place({ item, product: twin });
    }
    const wrong = wanted === 'S' ? this.wrongCount(query) : 0;
    const found = reuse && wanted !== 'I' ? this.find(locale, query, wanted, wrong, own) : undefined;
    return found ?? this.place(this.write(locale, this.itemFor(query, wanted, wrong)));
  }

  /** A product that nobody judges, now or later. */
  unjudged(locale: Locale): Entry {
    return this.write(locale, this.anyItem(this.world.categoryLaw.draw(this.structure), this.structure.bernoulli(0.1)));
  }

  private id(): string {
    return 'G' + (this.serial++).toString(36).toUpperCase().padStart(9, '0');
  }

  private write(locale: Locale, item: Item): Entry {
    const product = writeProduct(this.world, locale, item, this.id(), this.text);
    this.products.push(product);
    return { item, product };
  }

  /** Lets later queries find the entry. */
  private place(entry: Entry): Entry {
    const place = placeOf(entry.product.locale, entry.item.category, entry.item.accessory);
    const entries = this.places.get(place);
    if (entries) entries.push(entry);
    else this.places.set(place, [entry]);
    return entry;
  }

  private find(locale: Locale, query: Query, wanted: Label, wrong: number, own: ReadonlyMap<Label, Entry[]>): Entry | undefined {
    const entries = this.places.get(placeOf(locale, query.category, wanted === 'C'));
    for (let attempt = 0; entries && attempt < 8; attempt++) {
      const entry = this.structure.choice(entries);
      const taken = own.get(wanted)?.some((other) => other.product === entry.product);
      if (!taken && relation(query, entry.item) === wanted && (wanted === 'C' || mismatches(query, entry.item) === wrong))
        return entry;
    }
    return undefined;
  }

  private wrongCount(query: Query): number {
    return query.slots.length > 1 && this.structure.bernoulli(this.world.options.twoWrongShare) ? 2 : 1;
  }

  private itemFor(query: Query, wanted: Label, wrong: number): Item {
    if (wanted === 'C') return this.anyItem(query.category, true);
    if (wanted === 'I') return this.irrelevantItem(query);
    return this.fit(this.anyItem(query.category, false), query, wrong);
  }

  private anyItem(category: number, accessory: boolean): Item {
    const { options, categories, brandLaw } = this.world;
    const values = categories[category].types.map(() => this.structure.int(options.valuesPerType));
    return { category, accessory, values, color: this.structure.int(options.colors), brand: brandLaw.draw(this.structure) };
  }

  /** Another category: with some probability of the same department and with the asked values where it has such an attribute. */
  private irrelevantItem(query: Query): Item {
    const { options, categories, byDepartment } = this.world;
    const neighbours = byDepartment[categories[query.category].department];
    const hard = this.structure.bernoulli(options.hardIrrelevantShare) && neighbours.length > 1;
    const accessory = this.structure.bernoulli(options.irrelevantAccessoryShare);
    const pool = hard ? neighbours : categories.map((_, i) => i);
    let category = query.category;
    while (category === query.category) category = this.structure.choice(pool);
    const item = this.anyItem(category, accessory);
    if (!hard) return item;
    const asked = categories[query.category].types;
    const values = categories[category].types.map((type, at) => {
      const slot = query.slots.find((s) => s.at >= 0 && asked[s.at] === type && !s.negated);
      return slot ? slot.value : item.values[at];
    });
    const color = query.slots.find((s) => s.at === COLOR)?.value ?? item.color;
    const brand = query.slots.find((s) => s.at === BRAND)?.value ?? item.brand;
    return { ...item, values, color, brand };
  }

  /** The item with all that the query asks, except for `wrong` of the asked things, which differ. */
  private fit(item: Item, query: Query, wrong: number): Item {
    const { options, brandLaw } = this.world;
    const values = [...item.values];
    let { color, brand } = item;
    const broken = this.structure.permutation(query.slots.length).subarray(0, wrong);
    query.slots.forEach(({ at, value, negated }, i) => {
      const equal = broken.includes(i) === negated;
      if (at === BRAND) {
        if (equal) brand = value;
        else while (brand === value) brand = brandLaw.draw(this.structure);
      } else {
        const choices = at === COLOR ? options.colors : options.valuesPerType;
        const current = at === COLOR ? color : values[at];
        const next = equal ? value : current === value ? (value + 1 + this.structure.int(choices - 1)) % choices : current;
        if (at === COLOR) color = next;
        else values[at] = next;
      }
    });
    return { ...item, values, color, brand };
  }
}

const placeOf = (locale: Locale, category: number, accessory: boolean): string => `${locale}${accessory ? '+' : ''}${category}`;
