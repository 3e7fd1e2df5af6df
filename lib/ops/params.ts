import type { Tensor } from '../runtime/tensorflow';

/**
 * Weights by name. Names are those of the Hugging Face base model's state dict without its prefix
 * (`embeddings.word_embeddings.weight`, `encoder.layer.0.attention.self.query.weight`, …); a head's are `heads.<head>.<weight>`.
 * Layouts are Hugging Face's too: a dense weight is [out, in]. A forward pass is a function of these, so that a trick can run it on changed ones.
 */
export type Params = Readonly<Record<string, Tensor>>;

/** A weight before it exists: its shape and how it starts. */
export interface ParamSpec {
  shape: readonly number[];
  /** `normal` with this standard deviation, or a constant. */
  init: { normal: number } | { constant: number };
}

export type ParamSpecs = Readonly<Record<string, ParamSpec>>;
