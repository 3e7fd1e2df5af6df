import { Key } from '../runtime/key';
import { tf, type Tensor } from '../runtime/tensorflow';
import { barrier } from './barrier';
import { FLOAT, INT, ints, kernel } from './kernel';

/**
 * Randomness inside a step. `seed` (int32 [2]) is fed anew each step; folding a layer, a pass or a purpose into the key adds a constant to it,
 * so each use draws from its own stream of TensorFlow's counter-based generator (Philox) and the same key repeats bit for bit.
 */
export class TensorKey {
  constructor(
    private readonly seed: Tensor,
    private readonly site: Key = Key.from('site'),
  ) {}

  /** A key outside any recorded step, for eager use and tests. */
  static of(key: Key): TensorKey {
    return new TensorKey(ints(key.words()));
  }

  fold(...parts: (number | string)[]): TensorKey {
    return new TensorKey(this.seed, this.site.fold(...parts));
  }

  /** The same key, which in a recorded step draws only once `tensor` has been computed: the same numbers, not kept from an earlier draw. */
  after(tensor: Tensor): TensorKey {
    return new TensorKey(barrier(this.seed, tensor), this.site);
  }

  private words(): Tensor {
    return tf.add(this.seed, ints(this.site.words()));
  }

  /** Uniform numbers in [0, 1), float32, of the given shape. */
  uniform(shape: number[]): Tensor {
    return kernel('StatelessRandomUniform', [ints(shape), this.words()], { dtype: FLOAT, T: INT, Tseed: INT });
  }

  /** Standard normal numbers, float32, of the given shape. */
  normal(shape: number[]): Tensor {
    return kernel('StatelessRandomNormal', [ints(shape), this.words()], { dtype: FLOAT, T: INT, Tseed: INT });
  }
}
