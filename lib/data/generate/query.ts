import type { Random } from '../../runtime/key';
import type { Locale } from '../types';
import type { Lexicon, Term } from './lexicon';
import { BRAND, COLOR, type Query, type Slot } from './relation';
import type { World } from './world';

/** Draws what a searcher wants: a category by Zipf's law, attributes of it, perhaps a colour and a brand; at least one thing besides the category. */
export function drawQuery(world: World, random: Random): Query {
  const { options } = world;
  const category = world.categoryLaw.draw(random);
  const types = world.categories[category].types.length;
  const order = random.permutation(types);
  const asked = Math.min(types, random.weighted(options.askedAttributes));
  const slots: Slot[] = [];
  for (let i = 0; i < asked; i++) slots.push({ at: order[i], value: random.int(options.valuesPerType), negated: false });
  if (asked > 0 && random.bernoulli(options.negationShare)) slots[asked - 1].negated = true;
  const color = random.bernoulli(options.askColor);
  const brand = random.bernoulli(options.askBrand);
  const fallback = asked === 0 && !color && !brand ? (random.bernoulli(0.5) ? COLOR : BRAND) : 0;
  if (color || fallback === COLOR) slots.push({ at: COLOR, value: random.int(options.colors), negated: false });
  if (brand || fallback === BRAND) slots.push({ at: BRAND, value: world.brandLaw.draw(random), negated: false });
  return { category, slots };
}

/** Writes a query in a searcher's words: synonyms, a filler, free word order, now and then two letters swapped. */
export function writeQuery(world: World, locale: Locale, query: Query, random: Random): string {
  const { options } = world;
  const lexicon: Lexicon = world.lexicons[locale];
  const { concept, types } = world.categories[query.category];
  const say = (term: Term, rate: number): string => (random.bernoulli(rate) ? term.synonym : term.word);
  const describing: string[] = [];
  const excluded: string[] = [];
  for (const { at, value, negated } of query.slots) {
    if (at === COLOR) describing.push(say(lexicon.colors[value], options.colorSynonym));
    else if (at === BRAND) describing.push(world.brands[locale][value]);
    else {
      const word = say(lexicon.values[types[at]][value], options.valueSynonym);
      if (negated) excluded.push(...lexicon.negation.map((part) => (part === '{value}' ? word : part)));
      else describing.push(word);
    }
  }
  random.shuffle(describing);
  const noun = say(lexicon.categories[concept], options.categorySynonym);
  const words = random.bernoulli(lexicon.nounFirst) ? [noun, ...describing] : [...describing, noun];
  if (random.bernoulli(options.typoShare)) swapLetters(words, random);
  if (random.bernoulli(options.fillerRate)) {
    const filler = random.choice(lexicon.fillers);
    if (random.bernoulli(0.5)) words.unshift(filler);
    else words.push(filler);
  }
  return [...words, ...excluded].join(' ');
}

/** Swaps two neighbouring letters, not the first, of one word of four letters or more, if there is one. */
function swapLetters(words: string[], random: Random): void {
  const i = random.int(words.length);
  const letters = [...words[i]];
  if (letters.length < 4) return;
  const at = 1 + random.int(letters.length - 2);
  [letters[at], letters[at + 1]] = [letters[at + 1], letters[at]];
  words[i] = letters.join('');
}
