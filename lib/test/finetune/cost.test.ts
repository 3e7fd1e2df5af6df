// Oracle: counting by hand. A pass of n matrix products goes back through 2n: n for what it was given, n for its weights.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benchClassifier } from '../../cli/bench-classifier';
import { NO_TRICKS, type Tricks } from '../../finetune/step';
import { scales } from '../../experiments/scales';
import { GraphBuilder } from '../../graph/proto';
import { Key } from '../../runtime/key';

interface Node {
  getName(): string;
  getOp(): string;
  getInputList(): string[];
}

/** How many matrix products a training step runs: those that its outputs need, in the graph that the classifier records. */
function products(tricks: Tricks): number {
  const own = Object.getOwnPropertyDescriptor(GraphBuilder.prototype, 'savedModel')!;
  const kept: GraphBuilder[] = [];
  GraphBuilder.prototype.savedModel = function () {
    kept.push(this);
    return (own.value as () => Uint8Array).call(this);
  };
  const sizes = { layers: 2, hidden: 16, heads: 2, batch: 3, vocabulary: 29, buckets: [8], padId: 1 };
  const plain = { dropout: 0.1, precision: 'f32', weightDecay: 0, clip: 0, warmup: 0 } as const;
  try {
    benchClassifier({ ...sizes, ...plain, tricks }, Key.from('cost')).dispose();
  } finally {
    Object.defineProperty(GraphBuilder.prototype, 'savedModel', own);
  }
  const { graph } = kept[0] as unknown as { graph: { getNodeList(): Node[] } };
  const nodes = new Map(graph.getNodeList().map((node) => [node.getName(), node]));
  const seen = new Set<string>();
  const waiting = [...nodes.keys()].filter((name) => name.startsWith('train.8/out/'));
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    for (const input of nodes.get(name)!.getInputList()) waiting.push(input.replace(/^\^/, '').split(':')[0]);
  }
  return [...seen].filter((name) => nodes.get(name)!.getOp() === 'MatMul').length;
}

test('no strategy goes forward or back through a pass twice', () => {
  const { ema, fgm, rdrop } = scales.paper.tricks;
  const one = products(NO_TRICKS);
  const n = one / 3;
  assert.ok(Number.isInteger(n) && n > 8, String(one));
  assert.equal(products({ ...NO_TRICKS, ema }), 3 * n);
  assert.equal(products({ ...NO_TRICKS, fgm }), 6 * n);
  // Both passes forward and back, and back once more from the clean loss to the embeddings, whose direction the second pass needs.
  assert.equal(products({ ...NO_TRICKS, fgm, rdrop }), 7 * n);
  assert.equal(products({ ...NO_TRICKS, rdrop: { ...rdrop, pair: 'dropout' } }), 6 * n);
});
