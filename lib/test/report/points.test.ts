// Oracles: the points given, counted in the picture; text that would be markup; the words said where weights are missing.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { scales } from '../../experiments/scales';
import { openEncoderLab } from '../../report/encoder-lab';
import { pointsFigure } from '../../report/figures/points';

test('every point is in the picture and in the live figure, the grey rest first, hostile names as text', () => {
  const names = { title: 'A map', alt: 'A map of things', x: 'x', y: 'y' };
  const figure = pointsFigure(
    [
      { name: '<b>Acme</b>', points: [[0, 0, 'one'], [1, 2, '<img src=x>'], [2, 1, 'three']] }, // prettier-ignore
      { name: 'other', rest: true, points: [[3, 3, 'four'], [4, 1, 'five']] }, // prettier-ignore
    ],
    names,
  )!;
  assert.equal(figure.svg.split('<circle').length - 1 >= 5, true);
  assert.ok(!figure.svg.includes('<b>') && !JSON.stringify(figure.data).includes('<img'));
  assert.equal(figure.svg.split('width="12" height="9"').length - 1, 2, 'the legend shows areas of colour, no lines');
  const data = figure.data as { name: string; x: number[] }[];
  assert.deepEqual(data.map((trace) => trace.x.length), [2, 3]); // prettier-ignore
  assert.equal(pointsFigure([{ name: 'none', points: [] }], names), undefined);
});

test('where the weights are not here the notebook says so in words, and fetches nothing', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'no-weights-'));
  const saved = process.env.ESCI_CACHE;
  process.env.ESCI_CACHE = empty;
  const write = process.stdout.write.bind(process.stdout);
  let said = '';
  process.stdout.write = (text: string | Uint8Array) => {
    said += String(text);
    return true;
  };
  try {
    assert.equal(await openEncoderLab({ scale: scales.smoke }), undefined);
  } finally {
    process.stdout.write = write;
    if (saved === undefined) delete process.env.ESCI_CACHE;
    else process.env.ESCI_CACHE = saved;
    rmSync(empty, { recursive: true, force: true });
  }
  assert.match(said, /all-minilm-l6-v2 are not here.*weights fetch all-minilm-l6-v2/);
});
