import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Locale } from '../../data/types';
import { InputError } from '../../runtime/errors';
import { countryId, NameVocabulary, normaliseName } from '../../text';

test('names: lower case, punctuation removed (worked by hand)', () => {
  const worked: [string, string][] = [
    ["L'Oréal  Paris", 'loréal paris'],
    ['HP® (Inc.)', 'hp inc'],
    ['3M', '3m'],
    ['ジョンソン・エンド・ジョンソン', 'ジョンソンエンドジョンソン'],
    ['--', ''],
    ['Black/White\nRed', 'blackwhite red'],
  ];
  for (const [raw, name] of worked) assert.equal(normaliseName(raw), name);
});

test('name vocabulary: seen more than once, by count then text, unknown 0 (counted by hand)', () => {
  const brands = NameVocabulary.build(['Sony', 'sony.', 'HP', 'hp', 'SONY', 'Once', '', '-', 'Acme', 'acme']);
  assert.deepEqual(brands.names, ['', 'sony', 'acme', 'hp']);
  assert.deepEqual(brands.counts, [0, 3, 2, 2]);
  assert.equal(brands.size, 4);
  assert.deepEqual(
    ['SONY!', 'Acme', 'hp', 'once', ''].map((n) => brands.id(n)),
    [1, 2, 3, 0, 0],
  );
  assert.deepEqual(NameVocabulary.build(['b', 'a', 'b', 'c'], { minCount: 1, limit: 2 }).names, ['', 'b', 'a']);
});

test('name vocabulary: what is saved is read back, and nothing else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'esci-names-'));
  try {
    const path = join(folder, 'brands.json');
    const brands = NameVocabulary.build(['x', 'x', 'ワイ', 'ワイ', 'ワイ']);
    brands.save(path);
    const again = NameVocabulary.load(path);
    assert.deepEqual([again.names, again.counts], [brands.names, brands.counts]);
    writeFileSync(path, '{"x": 1}');
    assert.throws(() => NameVocabulary.load(path), InputError);
    assert.throws(() => NameVocabulary.load(join(folder, 'missing.json')), InputError);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('countries: us 0, es 1, jp 2, another is an error', () => {
  assert.deepEqual((['us', 'es', 'jp'] as const).map(countryId), [0, 1, 2]);
  assert.throws(() => countryId('fr' as Locale), InputError);
});
