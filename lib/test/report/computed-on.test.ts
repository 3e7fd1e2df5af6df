// Oracle: records whose device is set by hand; the committed records' own scales.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scaleNamed } from '../../experiments/scales';
import { computedOn } from '../../report/computed-on';
import { recordedElsewhere } from '../../report/recorded';
import { someRecords } from './committed';

test('runs on a card and on the processor are told apart and counted', () => {
  const [record] = someRecords(1);
  const on = (device: string, card?: string) => ({
    ...record,
    environment: { ...record.environment, device, ...(card ? { card } : {}) },
  });
  const h100 = on('gpu', 'NVIDIA H100 80GB HBM3');
  assert.equal(computedOn([on('cpu'), on('cpu')]), 'a CPU');
  assert.equal(computedOn([h100]), 'an NVIDIA H100 80GB HBM3');
  assert.equal(computedOn([h100, on('cpu'), h100]), 'a CPU (1 run) and an NVIDIA H100 80GB HBM3 (2 runs)');
  assert.equal(computedOn([on('gpu')]), 'an NVIDIA card');
});

test("a table's records elsewhere leave out the notebook's own scale and data, and what only shows that it runs", () => {
  const found = recordedElsewhere('3', { scale: scaleNamed('demo'), data: undefined });
  const places = found.map(({ scale, data }) => `${scale} ${data}`);
  assert.ok(places.includes('minilm esci-sample') && places.includes('demo esci-sample'), places.join(', '));
  assert.ok(!places.some((place) => place === 'demo generated-demo' || place.startsWith('smoke')), places.join(', '));
  assert.equal(found[0].scale, 'minilm');
});
