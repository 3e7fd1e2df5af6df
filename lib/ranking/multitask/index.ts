export * from './config';
export * from './experts';
export * from './loss';
export * from './probability';
export * from './towers';
