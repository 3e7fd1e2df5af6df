import { ensure, inRange, oneOf } from '../runtime/errors';
import { LABELS, type Label, type Locale, type Row } from './types';

/** What `balanceClasses` needs; `BALANCE` holds the paper's values. */
export interface BalanceOptions {
  /** The rare classes that get extra rows. The paper: complement and irrelevant; the release's last run: irrelevant only. */
  classes: readonly Label[];
  /** Length of a chunk in characters (code points), by locale. */
  chunkChars: Readonly<Record<Locale, number>>;
  /** Weight of an extra row, as a share of its row's own. */
  weight: number;
  /** A shorter last chunk than this makes no row. */
  minChars: number;
  /** At most this many extra rows for one row. */
  maxChunks: number;
  /** Applied to bullets and description before they are cut, so that no tag is cut in two: pass `text/`'s HTML stripper. */
  plain: (text: string) => string;
}

export const BALANCE: BalanceOptions = {
  classes: ['C', 'I'],
  chunkChars: { us: 800, es: 800, jp: 300 },
  weight: 0.3,
  minChars: 1,
  maxChunks: Infinity,
  plain: (text) => text,
};

/**
 * Class balance (paper.md §5): the rows, followed by extra ones for the rare classes. Bullets and description, joined by a blank, are cut into chunks;
 * each chunk makes a row whose title is title + ' ' + chunk, whose bullets and description are empty, and whose weight is 0.3 (of the row's own, where it has one).
 * Extra rows have example ids above the largest given one. Only training rows should be given.
 */
export function balanceClasses(rows: readonly Row[], options: Partial<BalanceOptions> = {}): Row[] {
  const { classes, chunkChars, weight, minChars, maxChunks, plain } = { ...BALANCE, ...options };
  classes.forEach((label) => oneOf('classes', label, LABELS));
  inRange('weight', weight, 0, 1);
  for (const [locale, size] of Object.entries(chunkChars))
    ensure(Number.isSafeInteger(size) && size > 0, `chunkChars.${locale} must be a whole number ≥ 1, got ${size}`);
  const extra: Row[] = [];
  let nextId = nextExampleId(rows);
  for (const row of rows) {
    if (!classes.includes(row.label)) continue;
    const text = Array.from([plain(row.bullets), plain(row.description)].filter(Boolean).join(' ').trim());
    const size = chunkChars[row.locale];
    for (let at = 0, made = 0; at < text.length && made < maxChunks; at += size) {
      const chunk = text
        .slice(at, at + size)
        .join('')
        .trim();
      if (!chunk || Math.min(size, text.length - at) < minChars) continue;
      made++;
      const own = weight * (row.weight ?? 1);
      extra.push({
        ...row,
        exampleId: nextId++,
        title: `${row.title} ${chunk}`.trim(),
        bullets: '',
        description: '',
        weight: own,
      });
    }
  }
  return [...rows, ...extra];
}

/** A translation engine, for the paper's Spanish rows in English. None comes with this library: bring a model or a service. */
export interface Translator {
  /** Translates each text, in order; an empty text stays empty. */
  translate(texts: readonly string[], from: Locale, to: Locale): Promise<readonly string[]>;
}

export interface TranslateOptions {
  translator: Translator;
  from?: Locale;
  to?: Locale;
  weight?: number;
  /** Rows given to the engine at once. */
  batch?: number;
}

const FIELDS = ['query', 'title', 'description', 'bullets', 'brand', 'color'] as const;

/**
 * Extra rows in another language (paper.md §5: Spanish to English): the rows of locale `from`, query and product text translated, locale `to`, weight 0.3 (of the row's
 * own), example ids above the largest given one. Throws where the engine returns another number of texts than it was given.
 */
export async function translateRows(
  rows: readonly Row[],
  { translator, from = 'es', to = 'us', weight = 0.3, batch = 64 }: TranslateOptions,
): Promise<Row[]> {
  inRange('weight', weight, 0, 1);
  const chosen = rows.filter((row) => row.locale === from);
  const translated: Row[] = [];
  let nextId = nextExampleId(rows);
  for (let at = 0; at < chosen.length; at += batch) {
    const part = chosen.slice(at, at + batch);
    const texts = part.flatMap((row) => FIELDS.map((field) => row[field]));
    const answers = await translator.translate(texts, from, to);
    ensure(answers.length === texts.length, `the translator returned ${answers.length} texts for ${texts.length}`);
    part.forEach((row, i) => {
      const fields = Object.fromEntries(FIELDS.map((field, f) => [field, answers[i * FIELDS.length + f]])) as Pick<
        Row,
        (typeof FIELDS)[number]
      >;
      translated.push({ ...row, ...fields, locale: to, exampleId: nextId++, weight: weight * (row.weight ?? 1) });
    });
  }
  return translated;
}

const nextExampleId = (rows: readonly Row[]): number => rows.reduce((most, { exampleId }) => Math.max(most, exampleId), -1) + 1;
