// Oracle: worked. Which rows a loss over the products of a query compares.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildVocabularies, prepareInputs } from '../../experiments/prepare';
import { scales } from '../../experiments/scales';
import { trainTokenizer } from '../../text';
import { tinyDataset } from '../data/fixtures';

test('a query is a locale and a text, as nDCG has it, whatever numbers the file gives', async () => {
  const { rows, products } = tinyDataset();
  const of = (locale: 'us' | 'es' | 'jp', query: string, queryId: number) => ({ ...rows[0], locale, query, queryId });
  const numbered = [of('us', 'pc', 1), of('es', 'pc', 1), of('us', 'pc', 1), of('us', 'tv', 1 + 2 ** 32), of('es', 'pc', 1)];
  const config = scales.smoke.base;
  const tokenizer = await trainTokenizer(
    products.map(({ title }) => title),
    { vocabulary: 60, cacheFolder: null },
  );
  const { tokens } = await prepareInputs(config, numbered, tokenizer, buildVocabularies(config, products, numbered));
  assert.deepEqual([...tokens.queryIds], [0, 1, 0, 2, 1]);
});
