import type { Command } from 'commander';
import { registerData } from './data';
import { registerReproduce } from './reproduce';
import { registerRun } from './run';
import { registerPretrain } from './pretrain';
import { registerFinetune } from './finetune';
import { registerPredict } from './predict';
import { registerTables } from './tables';
import { registerReport } from './report';
import { registerDiff } from './diff';
import { registerVerify } from './verify';
import { registerBench } from './bench';
import { registerDoctor } from './doctor';
import { registerLab } from './lab';
import { registerLog } from './log';
import { registerNotebooks } from './notebooks';
import { registerEncode } from './encode';
import { registerWeights } from './weights';
import { registerRank } from './rank';
import { registerBaselines } from './baselines';
import { registerParity } from './parity';
import { registerScore } from './score';
import { registerEnsemble } from './ensemble';
import { registerFindLabelIssues } from './find-label-issues';

/**
 * Every verb of the command line, in the order of `--help`. A verb's file imports only light things at the top and the library inside its action,
 * so that `--help` does not load TensorFlow.
 */
export const verbs: readonly ((program: Command) => void)[] = [
  registerReproduce,
  registerRun,
  registerPretrain,
  registerFinetune,
  registerPredict,
  registerTables,
  registerReport,
  registerDiff,
  registerVerify,
  registerDoctor,
  registerBench,
  registerLab,
  registerNotebooks,
  registerScore,
  registerEnsemble,
  registerWeights,
  registerRank,
  registerBaselines,
  registerParity,
  registerEncode,
  registerFindLabelIssues,
  registerData,
  registerLog,
];
