export { plainText, scoreByBm25 } from './lexical';
export { scoreByLinear, type LinearOptions, type LinearScores } from './linear';
export { hingeLoss, kernelPooling, KERNELS, knrm, KNRM_WORDS, knrmParams } from './knrm';
export { scoreByKnrm, type KnrmOptions, type KnrmResult } from './train-knrm';
export { clickedPairs, scoreByBiEncoder, type BiEncoderRankerOptions } from './bi-encoder';
