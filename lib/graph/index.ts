export * from './adamw';
export { Program, type Entry, type FeedSpec, type FeedSpecs, type Outputs, type ProgramOptions, type Values } from './program';
export type { Precision } from './recorder';
export { State, type VariableSpec } from './state';
