// Oracle: by hand, folders whose parts do not fit together, refused by name before anything runs.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { encoderParams, initialise, savePretrained } from '../../encoder';
import { openDataset, taskRows } from '../../experiments/dataset';
import { fittingHeads } from '../../experiments/pretrain-run';
import { scales } from '../../experiments/scales';
import { startingEncoder } from '../../experiments/start';
import { nameHeadParams } from '../../heads/brand';
import { Key } from '../../runtime/key';
import { NameVocabulary } from '../../text';
import { unigramJson } from '../../text/train-tokenizer';
import { tiny } from '../encoder/tiny';

const folder = mkdtempSync(join(tmpdir(), 'esci-start-'));
after(() => rmSync(folder, { recursive: true }));

test('weights whose tokenizer knows more tokens than the encoder has vectors, or of fewer positions than the texts need, are refused; as many are fine', async () => {
  const config = tiny('xlm-roberta');
  const specs = encoderParams(config);
  savePretrained(folder, config, specs, initialise(specs, Key.from('start')), { locales: ['us'] });
  const pieces = (n: number): [string, number][] => Array.from({ length: n }, (_, i) => [`▁w${i}`, -1 - i]);
  const own = unigramJson([]).added_tokens.length;
  const dataset = await openDataset(scales.smoke.data, 0);
  const open = (tokens: number, longest = 8) => {
    writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(unigramJson(pieces(tokens - own))));
    const start = { from: 'weights', name: folder, dropout: 0, attentionDropout: 0 } as const;
    return startingEncoder(start, dataset, [], longest, Key.from('start'));
  };
  assert.equal((await open(config.vocabulary)).tokenizer.size, config.vocabulary);
  const limit = config.maxPositions - config.padId - 1;
  await open(config.vocabulary, limit);
  await assert.rejects(open(config.vocabulary, limit + 1), (error: Error) =>
    error.message.startsWith(`text.maxLength and pretrain.maxLength must be at most ${limit} with the weights `),
  );
  await assert.rejects(open(config.vocabulary + 1), /tokenizer\.json has 18 tokens, the encoder's word embeddings 17/);
});

test('a vocabulary that reads no locale is said to be what leaves no rows, not the data', async () => {
  const dataset = await openDataset(scales.smoke.data, 0);
  assert.throws(() => taskRows(dataset, 2, []), /^InputError: the encoder's vocabulary reads none of us, es, jp/);
  assert.ok(taskRows(dataset, 2, ['us']).length > 0);
});

test('a brand head that came with an encoder keeps its table of names for the same names alone (by hand)', () => {
  const specs = nameHeadParams('brand', 2, 2, 3);
  const heads = Object.fromEntries(Object.keys(specs).map((name) => [name, new Float32Array(name.endsWith('dense.weight') ? 4 : name.endsWith('names.weight') ? 6 : name.endsWith('names.bias') ? 3 : 2)])); // prettier-ignore
  const vocabulary = (...names: string[]): NameVocabulary => NameVocabulary.build(names, { minCount: 1 });
  const kept = (...names: string[]): string[] =>
    Object.keys(fittingHeads(specs, { heads, names: { brand: vocabulary('a', 'a', 'b') } }, { brand: vocabulary(...names), color: vocabulary() })); // prettier-ignore
  assert.deepEqual(kept('b', 'a', 'a'), Object.keys(specs));
  const without = Object.keys(specs).filter((name) => !name.startsWith('heads.brand.names.'));
  assert.equal(without.length, 4);
  for (const other of [['a', 'c'], ['b', 'b', 'a']]) assert.deepEqual(kept(...other), without); // prettier-ignore
});
