import { checkConfig, type EncoderConfig } from '../../encoder/config';

/** An encoder small enough for a test. */
export const tiny = (type: EncoderConfig['type']): EncoderConfig =>
  checkConfig({
    type,
    layers: 2,
    hidden: 6,
    heads: 3,
    ffn: 11,
    vocabulary: 17,
    maxPositions: 13,
    typeVocabulary: type === 'bert' ? 2 : 1,
    padId: type === 'bert' ? 0 : 1,
    epsilon: 1e-5,
    dropout: 0.1,
    attentionDropout: 0.1,
  });
