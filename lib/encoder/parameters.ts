import type { ParamSpecs } from '../ops/params';
import type { EncoderConfig } from './config';

/**
 * Every weight of the encoder: name, shape, start. Names and layouts are those of Hugging Face's base model; the order is that of the computation.
 * `std` is the standard deviation of matrices and tables (Hugging Face's initializer_range, 0.02).
 */
export function encoderParams(config: EncoderConfig, std = 0.02): ParamSpecs {
  const { hidden, ffn } = config;
  const table = (rows: number) => ({ shape: [rows, hidden], init: { normal: std } });
  const dense = (name: string, out: number, into: number): ParamSpecs => ({
    [`${name}.weight`]: { shape: [out, into], init: { normal: std } },
    [`${name}.bias`]: { shape: [out], init: { constant: 0 } },
  });
  const norm = (name: string): ParamSpecs => ({
    [`${name}.weight`]: { shape: [hidden], init: { constant: 1 } },
    [`${name}.bias`]: { shape: [hidden], init: { constant: 0 } },
  });
  const layer = (l: number): ParamSpecs => ({
    ...dense(`encoder.layer.${l}.attention.self.query`, hidden, hidden),
    ...dense(`encoder.layer.${l}.attention.self.key`, hidden, hidden),
    ...dense(`encoder.layer.${l}.attention.self.value`, hidden, hidden),
    ...dense(`encoder.layer.${l}.attention.output.dense`, hidden, hidden),
    ...norm(`encoder.layer.${l}.attention.output.LayerNorm`),
    ...dense(`encoder.layer.${l}.intermediate.dense`, ffn, hidden),
    ...dense(`encoder.layer.${l}.output.dense`, hidden, ffn),
    ...norm(`encoder.layer.${l}.output.LayerNorm`),
  });
  return Object.assign(
    {
      [WORDS]: table(config.vocabulary),
      'embeddings.position_embeddings.weight': table(config.maxPositions),
      'embeddings.token_type_embeddings.weight': table(config.typeVocabulary),
      ...norm('embeddings.LayerNorm'),
    },
    ...Array.from({ length: config.layers }, (_, l) => layer(l)),
  ) as ParamSpecs;
}

/** The name of the word-embedding table: MLM's decoder is tied to it, FGM moves it. */
export const WORDS = 'embeddings.word_embeddings.weight';

/** The number of weights. */
export function countParams(specs: ParamSpecs): number {
  return Object.values(specs).reduce((n, { shape }) => n + shape.reduce((a, b) => a * b, 1), 0);
}
