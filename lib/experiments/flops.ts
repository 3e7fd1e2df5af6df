import type { Tricks } from '../finetune/step';
import type { PretrainConfig } from '../pretrain/config';
import { activeTasks } from '../pretrain/step';
import type { EncoderShape } from './shape';

/**
 * Floating-point operations of one encoder pass over B texts of T tokens, a multiplication and an addition counted as two; only matrix products count:
 *
 *     layers · 2·B·T·(4H² + 2·H·F + 2·T·H)
 *
 * (queries, keys, values and output 4H²; feed-forward 2·H·F; scores and their use 2·T·H a token.) With `first` the last layer is computed for one token a
 * text but for its keys and values, as the encoder does.
 */
export function encoderFlops({ layers, hidden, ffn }: EncoderShape, batch: number, tokens: number, first = false): number {
  const layer = (asking: number): number =>
    2 * batch * (3 * tokens * hidden * hidden + asking * (hidden * hidden + 2 * hidden * ffn + 2 * tokens * hidden));
  return layers * layer(tokens) - (first ? layer(tokens) - layer(1) : 0);
}

/** Forward passes, and backward passes, that a step under these tricks computes. A pass that two tricks share counts once. */
export function passesOf({ fgm, rdrop }: Tricks): { forward: number; backward: number } {
  const points = !fgm ? 0 : fgm.kind === 'freelb' ? fgm.steps! : 1;
  const climbs = fgm?.kind === 'pgd' ? fgm.steps! - 1 : 0;
  const second = rdrop?.pair === 'dropout' ? 1 : 0;
  // R-Drop goes back through all passes at once, so FGM's direction takes a backward pass of its own (towards the words only: half of one).
  return { forward: 1 + points + climbs + second, backward: 1 + points + climbs + second + (rdrop && fgm ? 0.5 : 0) };
}

/** Operations of one fine-tuning step: a backward pass costs two forward passes, and another one where layers are recomputed. */
export function finetuneFlops(
  encoder: EncoderShape,
  batch: number,
  tokens: number,
  tricks: Tricks,
  pooling: 'cls' | 'mean',
  recompute = false,
): number {
  const { forward, backward } = passesOf(tricks);
  return encoderFlops(encoder, batch, tokens, pooling === 'cls') * (forward + (recompute ? 3 : 2) * backward);
}

/** Operations of one pre-training step, Algorithm 1 over the active tasks: two passes for the contrastive task and the momentum encoder's, and MLM's logits. */
export function pretrainFlops(encoder: EncoderShape, config: PretrainConfig): number {
  const { batch, maxLength, mlm, contrastive, mixture, recompute } = config;
  const trained = 1 + (recompute ? 3 : 2);
  const pass = (tokens: number): number => encoderFlops(encoder, batch, tokens);
  const tasks = activeTasks(config).map((task) => {
    if (task === 'contrastive') return pass(maxLength) * (2 * trained + (contrastive!.queue ? 1 : 0));
    if (task !== 'mlm') return pass(maxLength) * trained;
    const tokens = mixture === 'sum' ? maxLength : (mlm!.maxLength ?? maxLength);
    return pass(tokens) * trained + 3 * 2 * batch * tokens * mlm!.share * encoder.hidden * encoder.vocabulary;
  });
  const all = tasks.reduce((a, b) => a + b, 0);
  return mixture === 'sum' ? all : all / tasks.length;
}
