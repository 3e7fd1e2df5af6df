export * from './ema';
export * from './fgm';
export * from './losses';
export * from './mixup';
export * from './rdrop';
export * from './step';
