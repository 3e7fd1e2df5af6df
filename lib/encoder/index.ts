export * from './config';
export * from './encoder';
export * from './initialise';
export * from './parameters';
