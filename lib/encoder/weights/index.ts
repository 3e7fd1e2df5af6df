/** Published weights: what is known, where it comes from, what is here. */
export * from './known';
export { converted, installed, weightsFolder, verifyInstalled, verifyOnce, type WeightsManifest } from './installed';
export { fetchWeights, sourceName, type FetchWeightsOptions } from './fetch';
export { fetchShown, resolveWeights, type ResolvedWeights } from './resolve';
export { fertility, readableLocales, type Fertility } from './readable';
