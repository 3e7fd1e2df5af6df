export * from './brand';
export * from './classification';
export * from './esci';
export * from './mlm';
