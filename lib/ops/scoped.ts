import { tf } from '../runtime/tensorflow';

/**
 * Runs `body` and disposes every tensor it made, but for those in what it returns, also where it throws.
 * It is `tf.tidy` for results of any type: tensors in nested arrays and objects are kept, everything else passes through.
 */
export function scoped<T>(body: () => T): T {
  return tf.tidy(body as () => tf.TensorContainer) as T;
}
