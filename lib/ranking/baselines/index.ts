export { plainText, scoreByBm25 } from './lexical';
export { hingeLoss, kernelPooling, KERNELS, knrm, KNRM_WORDS, knrmParams } from './knrm';
export { scoreByKnrm, type KnrmOptions, type KnrmResult } from './train-knrm';
export { clickedPairs, scoreByBiEncoder, type BiEncoderRankerOptions } from './bi-encoder';
