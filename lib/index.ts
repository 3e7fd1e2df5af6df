/**
 * The public door, grouped by folder: `esci.data.readDataset`, `esci.text.trainTokenizer`, `esci.encoder.encode`, … The few things that nearly every
 * notebook needs stand at the top level too.
 */
import './runtime/tensorflow';

export * as confident from './confident';
export * as data from './data';
export * as generator from './data/generate';
export * as encoder from './encoder';
export * as experiments from './experiments';
export * as finetune from './finetune';
export * as graph from './graph';
export * as heads from './heads';
export * as metrics from './metrics';
export * as ops from './ops';
export * as pretrain from './pretrain';
export * as ranking from './ranking';
export * as report from './report';
export * as text from './text';
export * as train from './train';

export { InputError } from './runtime/errors';
export { Key, Random } from './runtime/key';
export { progress } from './runtime/progress';
export { stoppable } from './runtime/stoppable';
export { tf } from './runtime/tensorflow';
export { notebookStart } from './report/notebook';
export { reproduceTables } from './report/reproduce';
export { showFigure, showHtml, showTable } from './report/display';
