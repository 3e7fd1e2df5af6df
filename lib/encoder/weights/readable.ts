import type { Locale } from '../../data/types';
import { loadTokenizer, type Tokenizer } from '../../text';

/** A few product sentences in each language; what matters is how a vocabulary cuts ordinary words of it. */
const SAMPLES: Readonly<Record<Locale, readonly string[]>> = {
  us: [
    'Wireless keyboard and mouse with quiet keys, long battery life and a small receiver for your computer',
    'Kitchen scissors made of stainless steel, sharp and easy to clean, for meat, vegetables and flowers',
    'Warm winter jacket for children with hood and deep pockets, light blue, keeps the rain outside',
  ],
  es: [
    'Teclado inalámbrico y ratón con teclas silenciosas, batería de larga duración y receptor pequeño para su ordenador',
    'Tijeras de cocina de acero inoxidable, afiladas y fáciles de limpiar, para carne, verduras y flores',
    'Chaqueta de invierno para niños con capucha y bolsillos profundos, azul claro, protege de la lluvia',
  ],
  jp: [
    '静音キー付きのワイヤレスキーボードとマウス、電池が長持ちする小型レシーバー付き',
    'ステンレス製のキッチンはさみ、切れ味がよく洗いやすい、肉や野菜や花に使えます',
    '子供用の暖かい冬のジャケット、フード付き、深いポケット、水色、雨を通しません',
  ],
};

/** How a vocabulary cuts a language: the share of unknown tokens, and tokens a word (a character for Japanese, which has no blanks). */
export interface Fertility {
  unknown: number;
  tokensPerUnit: number;
}

/** A locale is read where at most this share of its tokens is unknown, and its words are cut into at most so many tokens. */
const LIMITS: Readonly<Record<Locale, Fertility>> = {
  us: { unknown: 0.02, tokensPerUnit: 2 },
  es: { unknown: 0.02, tokensPerUnit: 2 },
  jp: { unknown: 0.02, tokensPerUnit: 0.95 },
};

/** The share of unknown tokens and the tokens a word over texts of a locale, by default the built-in sample. Source: Rust et al. 2021 (fertility). */
export async function fertility(
  tokenizer: Tokenizer,
  locale: Locale,
  texts: readonly string[] = SAMPLES[locale],
): Promise<Fertility> {
  const ids = await tokenizer.encodeTexts(texts);
  let [tokens, unknown, units] = [0, 0, 0];
  ids.forEach((row, i) => {
    tokens += row.length;
    unknown += row.filter((id) => id === tokenizer.specials.unk).length;
    units += locale === 'jp' ? [...texts[i].replace(/\s/gu, '')].length : texts[i].split(/\s+/u).filter(Boolean).length;
  });
  return { unknown: tokens ? unknown / tokens : 0, tokensPerUnit: units ? tokens / units : 0 };
}

/** The locales that the vocabulary in a folder reads well enough to train on, told from built-in sample sentences. */
export async function readableLocales(folder: string): Promise<Locale[]> {
  const tokenizer = loadTokenizer(folder);
  const found: Locale[] = [];
  for (const locale of Object.keys(SAMPLES) as Locale[]) {
    const { unknown, tokensPerUnit } = await fertility(tokenizer, locale);
    if (unknown <= LIMITS[locale].unknown && tokensPerUnit <= LIMITS[locale].tokensPerUnit) found.push(locale);
  }
  return found;
}
