import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import type { DisplayMessage } from '../../runtime/notebook';
import { progress } from '../../runtime/progress';

const sink = (isTTY: boolean) => {
  let text = '';
  const stream = Object.assign(new Writable({ write: (chunk, _, done) => ((text += String(chunk)), done()) }), {
    isTTY,
    columns: 97,
  });
  return { stream, text: () => text };
};

test('in a notebook: one display, replaced at most every 200 ms, the last state at the end (oracle: counting by a hand-driven clock)', () => {
  const sent: [DisplayMessage, boolean][] = [];
  let time = 0;
  const bar = progress('train <1>', 103, { display: (message, update) => void sent.push([message, update]), clock: () => time });
  for (let i = 1; i <= 101; i++) {
    time += 10; // 1,010 ms in all: 200, 400, 600, 800, 1,000
    bar.update(i, `loss ${i}`);
  }
  assert.equal(sent.length, 1 + 5);
  bar.stop();
  bar.update(103);
  bar.stop();
  assert.equal(sent.length, 1 + 5 + 1);
  assert.deepEqual(
    sent.map(([, update]) => update),
    [false, ...Array<boolean>(6).fill(true)],
  );
  assert.equal(new Set(sent.map(([m]) => m.transient.display_id)).size, 1);
  const last = sent[6][0].data;
  assert.equal(last['text/plain'], 'train <1> 101/103 loss 101');
  assert.match(String(last['text/html']), /train &#60;1&#62; <progress max="103" value="101"/);
});

test('in a log: a line every 10 s and one at the end, on the stream given (oracle: counting by a hand-driven clock)', () => {
  const { stream, text } = sink(false);
  let time = 0;
  const bar = progress('tokenise', 47, { stream, clock: () => time });
  for (let i = 1; i <= 31; i++) {
    time += 1000;
    bar.update(i);
  }
  bar.stop();
  bar.stop();
  assert.deepEqual(text().trim().split('\n'), [
    'tokenise 10/47 (10 s)',
    'tokenise 20/47 (20 s)',
    'tokenise 30/47 (30 s)',
    'tokenise 31/47 (31 s)',
  ]);
});

test('on a terminal: a bar with title, count and note, and nothing after stop', () => {
  const { stream, text } = sink(true);
  const bar = progress('embed', 7, { stream });
  bar.update(7, 'noted');
  bar.stop();
  const before = text();
  assert.match(before, /embed/);
  assert.match(before, /7\/7/);
  assert.match(before, /noted/);
  bar.update(5);
  assert.equal(text(), before);
});
