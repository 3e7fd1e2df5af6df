import type { Random } from '../../runtime/key';
import type { Locale, Product } from '../types';
import type { Lexicon, Template } from './lexicon';
import type { Item } from './relation';
import type { World } from './world';

type Words = Readonly<Record<string, () => string>>;

const KEYWORDS: Template = ['{value}', '{extra}'];

const fill = (template: Template, words: Words): string =>
  template.map((part) => (part[0] === '{' ? words[part.slice(1, -1)]() : part)).join(' ');

/** Writes a product's fields. Product text uses the lexicon's first words only, never a synonym; a missing field is the empty string. */
export function writeProduct(world: World, locale: Locale, item: Item, productId: string, random: Random): Product {
  const { options } = world;
  const lexicon: Lexicon = world.lexicons[locale];
  const category = world.categories[item.category];
  const { word, accessory } = lexicon.categories[category.concept];
  const noun = item.accessory ? accessory : word;
  const values = item.values.map((value, at) => lexicon.values[category.types[at]][value].word);
  const color = lexicon.colors[item.color].word;
  const capitals = random.bernoulli(options.titleCase);
  const brand = capitals ? capitalised(world.brands[locale][item.brand]) : world.brands[locale][item.brand];
  const extra = (): string => lexicon.distractors[random.int(options.distractors)];

  const title = writeTitle(world, lexicon, item, { noun, word, values, color, extra }, random);
  const brandInTitle = random.bernoulli(options.brandInTitle);
  const dash = random.bernoulli(options.punctuation);
  const full =
    (brandInTitle ? (dash ? `${brand} - ` : `${brand} `) : '') + (dash && !brandInTitle ? title.replace(' ', ', ') : title);

  random.shuffle(values);
  let next = 0;
  const words: Words = {
    noun: () => noun,
    value: () => values[next++ % values.length],
    extra,
    brand: () => brand,
    color: () => color,
    department: () => lexicon.departments[category.department],
    category: () => lexicon.categories[random.choice(world.categories).concept].word,
  };
  const phrase = (templates: readonly Template[]): Template =>
    random.bernoulli(options.keywordShare) ? KEYWORDS : random.choice(templates);
  let bullets = '';
  if (!random.bernoulli(options.missing.bullets)) {
    const lines = Array.from({ length: between(options.bullets, random) }, () => fill(phrase(lexicon.bullets), words));
    if (random.bernoulli(options.crossMention)) lines.push(fill(lexicon.crossMention, words));
    bullets = lines.join('\n');
  }
  let description = '';
  if (!random.bernoulli(options.missing.description)) {
    const sentences = Array.from({ length: between(options.sentences, random) }, () => fill(phrase(lexicon.descriptions), words));
    description = random.bernoulli(options.htmlShare) ? asHtml(sentences, random) : sentences.join('. ');
  }
  return {
    productId,
    locale,
    title: capitals ? full.split(' ').map(capitalised).join(' ') : full,
    description,
    bullets,
    brand: random.bernoulli(options.missing.brand) ? '' : brand,
    color: random.bernoulli(options.missing.color) ? '' : color,
  };
}

interface Parts {
  noun: string;
  word: string;
  values: readonly string[];
  color: string;
  extra: () => string;
}

/** A title without its brand: what describes and the noun in either order, distractors between and behind, what an accessory is for. */
function writeTitle(world: World, lexicon: Lexicon, item: Item, parts: Parts, random: Random): string {
  const { options } = world;
  const describing: string[] = [];
  if (item.accessory) {
    if (random.bernoulli(options.accessoryValue)) describing.push(random.choice(parts.values));
  } else for (const value of parts.values) if (!random.bernoulli(options.titleOmits)) describing.push(value);
  if (random.bernoulli(options.colorInTitle)) describing.push(parts.color);
  const behind: string[] = [];
  for (let n = random.poisson(options.titleDistractors); n > 0; n--)
    (random.bernoulli(0.5) ? describing : behind).push(parts.extra());
  random.shuffle(describing);
  const purpose =
    item.accessory && random.bernoulli(options.accessoryNames)
      ? lexicon.accessoryFor.map((part) => (part === '{category}' ? parts.word : part))
      : [];
  const noun = [parts.noun, ...purpose];
  const words = random.bernoulli(lexicon.nounFirst) ? [...noun, ...describing, ...behind] : [...describing, ...noun, ...behind];
  return words.join(' ');
}

/** The same product under another id: one more word in the title, all other text equal. */
export function nearDuplicate(world: World, product: Product, productId: string, random: Random): Product {
  const extra = world.lexicons[product.locale].distractors[random.int(world.options.distractors)];
  return { ...product, productId, title: `${product.title} ${extra}` };
}

/** Sentences as marketplaces store them: in paragraphs, with breaks, or as a list, with an entity between. */
function asHtml(sentences: readonly string[], random: Random): string {
  switch (random.int(4)) {
    case 0:
      return sentences.map((sentence) => `<p>${sentence}</p>`).join('');
    case 1:
      return sentences.map((sentence) => `<b>${sentence}</b><br />`).join('&nbsp;');
    case 2:
      return `<ul>${sentences.map((sentence) => `<li>${sentence}</li>`).join('')}</ul>`;
    default:
      return `<div class="description">${sentences.join(' &amp; ')}</div>`;
  }
}

const between = ([least, most]: readonly [number, number], random: Random): number => least + random.int(most - least + 1);

const capitalised = (word: string): string => (word === '' ? '' : word[0].toUpperCase() + word.slice(1));
