// Oracle: numbers of transformers and torch (float32, evaluation mode) for small random models, and that a wrong weight is noticed.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { encoderParams } from '../../encoder/parameters';
import { loadPretrained, savePretrained } from '../../encoder/pretrained';
import { parity } from '../../heads/parity';
import { mlmParams } from '../../heads/mlm';
import { goldenFolder } from '../encoder/golden-folder';

const seed7 = goldenFolder('seed7');
const skip = seed7 ? false : 'the folder of reference numbers is missing';

test('values, gradients, AdamW trajectory and FGM agree with transformers within the bounds', { skip }, async () => {
  const results = await parity(seed7!);
  assert.ok(results.length >= 20, `${results.length} quantities`);
  for (const r of results) assert.ok(r.ok, `${r.quantity}: ${r.largestError} > ${r.bound} at ${r.at}`);
  for (const part of [
    'last hidden states',
    'MLM logits',
    'MLM loss',
    'gradient norms',
    'AdamW (recorded): losses',
    'FGM: summed',
  ])
    assert.ok(
      results.some((r) => r.quantity.includes(part)),
      `${part} was not compared`,
    );
});

test('a query weight that is 1 % off is out of bounds', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'parity-'));
  try {
    cpSync(join(seed7!, 'xlmr-tiny', 'expected.json'), join(folder, 'expected.json'));
    const { config, params, heads } = loadPretrained(join(seed7!, 'xlmr-tiny'));
    params['encoder.layer.0.attention.self.query.weight'][5] *= 1.01;
    savePretrained(folder, config, { ...encoderParams(config), ...mlmParams(config) }, { ...params, ...heads });
    const out = (await parity(folder)).filter((r) => !r.ok).map((r) => r.quantity.replace(/^.*: /, ''));
    assert.ok(out.includes('last hidden states'), `out: ${out.join(', ')}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
