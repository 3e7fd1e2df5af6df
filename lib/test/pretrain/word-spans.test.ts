// Oracle: the Poisson distribution written out, and the text that was cut.
import assert from 'node:assert/strict';
import test from 'node:test';
import { cutPseudoQuery, raisedLength } from '../../pretrain/pseudo-query';
import { scales } from '../../experiments/scales';
import { Key } from '../../runtime/key';

test('raised lengths: short draws become the minimum, P(1) = P(0) + P(1) of Poisson(2)', () => {
  const random = Key.from('raised').random();
  const draws = 20_011;
  const counts = new Map<number, number>();
  for (let i = 0; i < draws; i++) {
    const k = raisedLength(2, 1, 8, random);
    counts.set(k, (counts.get(k) ?? 0) + 1);
  }
  const p = (k: number): number => Math.exp(-2) * [1, 2, 2, 4 / 3, 2 / 3][k];
  const expected = [0, p(0) + p(1), p(2), p(3), p(4)];
  for (let k = 1; k <= 4; k++)
    assert.ok(Math.abs((counts.get(k) ?? 0) / draws - expected[k]) < 4 * Math.sqrt(0.25 / draws), `length ${k}`);
  assert.ok(!counts.has(0) && Math.max(...counts.keys()) <= 8);
});

test('the real encoder’s pseudo-queries are whole words of the title, and what is left is the rest', () => {
  const config = scales.minilm.pretrain.product2query!;
  const title = 'stainless steel thermal coffee mug with lid 350 ml';
  const key = Key.from('words');
  for (let i = 0; i < 101; i++) {
    const { query, rest } = cutPseudoQuery(title, 'us', config, key.fold(i).random())!;
    const words = title.split(' ');
    assert.ok(
      query.split(' ').every((word) => words.includes(word)),
      query,
    );
    assert.deepEqual([...query.split(' '), ...rest.split(' ').filter(Boolean)].sort(), [...words].sort());
  }
});
