export * from './conclusions';
export * from './documents';
export * from './draft';
export * from './pictures';
export * from './sentences';
export * from './show';
export * from './write';
