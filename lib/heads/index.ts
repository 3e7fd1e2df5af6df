export * from './classification';
export * from './mlm';
