import { z } from 'zod';
import { SPLITS } from '../data/types';

const count = z.number().int().nonnegative();
const amount = z.number().nonnegative();
const letters = (alphabet: string, what: string) => z.string().regex(new RegExp(`^[${alphabet}]*$`), `expected ${what}`);

const predictions = z
  .looseObject({
    rows: z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in hexadecimal'),
    given: letters('ESCI', 'label letters E, S, C, I'),
    truth: letters('ESCI', 'label letters E, S, C, I').optional(),
    predicted: letters('ESCI', 'label letters E, S, C, I'),
    query: z.array(count),
    locale: letters('uej', 'locale letters u, e, j'),
    probabilities: z.base64(),
    classes: z.number().int().min(1).max(4),
    grades: z.string().regex(/^\d*$/, 'expected one digit a row').optional(),
  })
  .superRefine((value, context) => {
    const rows = value.given.length;
    const check = (path: string, got: number, expected = rows): void => {
      if (got !== expected)
        context.addIssue({ code: 'custom', path: [path], message: `expected ${expected} entries, got ${got}` });
    };
    check('predicted', value.predicted.length);
    check('query', value.query.length);
    check('locale', value.locale.length);
    if (value.grades !== undefined) check('grades', value.grades.length);
    if (value.truth !== undefined) check('truth', value.truth.length);
    check('probabilities', Buffer.from(value.probabilities, 'base64').length, rows * value.classes * 2);
  });

const rankings = z
  .looseObject({
    queries: z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in hexadecimal'),
    perQuery: z.record(z.string(), z.array(z.number().nullable())),
  })
  .refine(
    ({ perQuery }) => new Set(Object.values(perQuery).map((values) => values.length)).size <= 1,
    'expected as many queries of every metric',
  );

/** The shape of a run record's file, field by field: what `loadRecords` holds every file against. Fields it does not know are kept. */
export const recordSchema = z.looseObject({
  schema: z.literal(1),
  id: z.string().regex(/^[0-9a-f]{16}$/, 'expected 16 hexadecimal digits'),
  experiment: z.looseObject({
    kind: z.string(),
    scale: z.string(),
    seed: z.number().int(),
    fold: count,
    folds: count,
    data: z.looseObject({ name: z.string(), sha256: z.string() }),
    config: z.json(),
  }),
  data: z.looseObject({
    name: z.string(),
    sha256: z.string(),
    split: z.enum(SPLITS).optional(),
    rows: count,
    queries: count,
    labels: z.looseObject({ E: count, S: count, C: count, I: count }),
    train: count,
    evaluation: count,
  }),
  weights: z
    .looseObject({ name: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in hexadecimal') })
    .optional(),
  code: z.looseObject({ version: z.string(), commit: z.string().nullable(), dirty: z.boolean() }),
  environment: z.looseObject({
    node: z.string(),
    tensorflow: z.string(),
    platform: z.string(),
    cpu: z.string(),
    device: z.string(),
    card: z.string().optional(),
    intraThreads: count,
    interThreads: count,
    precision: z.string(),
    bf16: z.string().optional(),
  }),
  cost: z.looseObject({
    wallSeconds: amount,
    steps: count,
    stepMilliseconds: amount,
    tokensPerSecond: amount,
    paddingShare: z.number().min(0).max(1),
    peakMemoryBytes: amount,
  }),
  curves: z.record(z.string(), z.array(z.tuple([z.number(), z.number()]))),
  metrics: z.record(z.string(), z.number()),
  checks: z.array(z.looseObject({ name: z.string(), ok: z.boolean(), detail: z.string() })),
  predictions: predictions.optional(),
  rankings: rankings.optional(),
});
