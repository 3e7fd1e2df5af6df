export * from './config';
export * from './contrastive';
export * from './mlm';
export * from './plateau';
export * from './pseudo-query';
export * from './sources';
export * from './step';
