// Oracles: counted ids; a record's own figures in the table's note.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dataset, Row } from '../../data/types';
import type { RunRecord } from '../../experiments/record';
import { unknownTokens } from '../../experiments/unknown-tokens';
import { summarise } from '../../report/summarise';
import { trainTokenizer } from '../../text';
import { simulateRecord } from '../report/simulate';

test('the share of unknown tokens by locale is the counted one, also of a locale that cannot be read', async () => {
  const rows = [
    { locale: 'us', query: 'red shoe', title: 'a red shoe' },
    { locale: 'jp', query: '赤い', title: 'red 靴 shoe' },
  ] as Row[];
  const tokenizer = await trainTokenizer(['red shoe', 'a red shoe', 'red red shoe shoe'], { vocabulary: 23 });
  const shares = await unknownTokens({ sha256: 'x', rows } as Dataset, tokenizer, 'tiny');
  const ids = (await tokenizer.encodeTexts(['赤い', 'red 靴 shoe'])).flatMap((row) => [...row]);
  const unknown = ids.filter((id) => id === tokenizer.specials.unk).length;
  assert.ok(unknown > 0 && unknown < ids.length);
  assert.deepEqual(shares, { us: 0, jp: unknown / ids.length });
});

test('a table says how its vocabulary reads the data, and what was left out', () => {
  const plain = simulateRecord({ seeds: 1, queries: 13, perQuery: 3 }, 0.7, 0, 0, { task: 2 });
  const record: RunRecord = { ...plain, data: { ...plain.data, unknownTokens: { us: 0.0004, jp: 0.19 } } };
  const english = { ...record, predictions: { ...record.predictions!, locale: 'u'.repeat(record.predictions!.locale.length) } };
  const row = { id: 'a', label: 'A', patch: {} };
  const table = { id: 'x', title: 'X', metric: 'microF1', beside: [], unit: 'percent', higherIsBetter: true, notes: [], rows: [row] } as const; // prettier-ignore
  const notes = (run: RunRecord): string => summarise(table, [{ row, runs: [run] }]).notes.join('\n');
  assert.match(
    notes(english),
    /Unknown tokens in queries and titles: us 0\.04 %; left out, since the vocabulary was not made for their language: jp 19\.00 %\./,
  );
  assert.doesNotMatch(notes(plain), /Unknown tokens/);
});
