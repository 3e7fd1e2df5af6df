export * from './checkpoint';
export * from './classifier';
export * from './inputs';
export * from './loop';
export * from './pretrainer';
export * from './schedule';
export * from './embed';
export * from './zero-shot';
