import { backend } from '../runtime/tensorflow';

/** The machine's own processor, as TensorFlow names it. */
export const HOST = '/device:CPU:0';

/**
 * What `body` computes is computed by the machine's own processor, in the machine's own memory, wherever the rest of a recorded step runs; what it reads from a
 * card is copied over. Eagerly, and without a card, it changes nothing.
 */
export function onHost<T>(body: () => T): T {
  const { binding } = backend();
  return binding.onHost ? binding.onHost(body) : body();
}
