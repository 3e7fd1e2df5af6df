import { encode } from '../../encoder/encoder';
import { loadPretrained } from '../../encoder/pretrained';
import { valueAndGradients } from '../../ops/gradients';
import type { Params } from '../../ops/params';
import { scoped } from '../../ops/scoped';
import { tf, type Tensor } from '../../runtime/tensorflow';
import { maskedPositions, mlmLogits, mlmLoss } from '../mlm';
import { Comparison, type ParityResult } from './compare';
import { batchOf, byOurNames, flat, type GoldenBatch, type Matrix, norms, tensorsOf } from './golden';

export interface MaskedLmGolden extends GoldenBatch {
  attention_mask: Matrix;
  labels: Matrix;
  embeddings: readonly Matrix[];
  hidden_states_last: readonly Matrix[];
  mlm_logits_row0: Matrix;
  mlm_loss: number;
  gradients: Record<string, { norm: number; first8: number[] }>;
}

/** Compares an XLM-R masked language model with transformers' numbers for the weights that lie beside them. */
export function maskedLmParity(name: string, folder: string, golden: MaskedLmGolden): ParityResult[] {
  return scoped(() => {
    const compare = new Comparison(name);
    const { config, params: encoder, heads, shapes } = loadPretrained(folder);
    const params = tensorsOf({ ...encoder, ...heads }, shapes);
    const batch = batchOf(golden, config.padId);
    const real = flat(golden.attention_mask);
    const hidden = (layers: number): Tensor => encode(params, { ...config, layers }, batch);
    compare.absolute('embeddings', hidden(0).dataSync(), flat(golden.embeddings), 1e-4, real);
    const last = hidden(config.layers);
    compare.absolute('last hidden states', last.dataSync(), flat(golden.hidden_states_last), 1e-4, real);
    const tokens = golden.mlm_logits_row0.length;
    const logits = mlmLogits(params, config, last, tf.range(0, tokens, 1, 'int32'));
    compare.absolute('MLM logits', logits.dataSync(), flat(golden.mlm_logits_row0), 1e-4, real.slice(0, tokens));
    const masked = maskedPositions(flat(golden.labels));
    const [positions, labels] = [masked.positions, masked.labels].map((x) => tf.tensor1d(x, 'int32'));
    const loss = (p: Params): Tensor => mlmLoss(p, config, encode(p, config, batch), positions, labels);
    const { value, gradients } = valueAndGradients(loss, params);
    compare.absolute('MLM loss', value.dataSync(), [golden.mlm_loss], 1e-5);
    const expected = byOurNames(golden.gradients);
    const expectedNorms = Object.fromEntries(Object.entries(expected).map(([k, g]) => [k, g.norm]));
    compare.relative('gradient norms', norms(gradients), expectedNorms, 1e-3);
    const largest = Math.max(...Object.values(expectedNorms));
    const certain = Object.entries(expected).filter(([, g]) => g.norm > 1e-6 * largest);
    const pairs = certain.map(([n, g]) => ({
      ours: gradients[n].dataSync(),
      theirs: g.first8,
      scale: Math.max(g.norm, 1e-5 * largest),
    }));
    compare.absolute(
      'gradients, 8 components of each over its norm',
      pairs.flatMap(({ ours, theirs, scale }) => [...ours.subarray(0, theirs.length)].map((x) => x / scale)),
      pairs.flatMap(({ theirs, scale }) => theirs.map((x) => x / scale)),
      1e-3,
    );
    return compare.results;
  });
}
