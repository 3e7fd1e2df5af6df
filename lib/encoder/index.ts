export * from './config';
export * from './encoder';
export * from './initialise';
export * from './parameters';
export * from './pretrained';
export * from './safetensors';
export * from './safetensors-writer';
export * from './request';
