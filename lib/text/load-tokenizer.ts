import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ensure, InputError } from '../runtime/errors';
import type { TokenizerJson } from './specials';
import { Tokenizer } from './tokenizer';

/** Reads a tokenizer.json, or the one in a folder. Throws where there is none or it cannot be read. */
export function loadTokenizer(fileOrFolder: string): Tokenizer {
  ensure(existsSync(fileOrFolder), `tokenizer not found: ${fileOrFolder}`);
  const file = statSync(fileOrFolder).isDirectory() ? join(fileOrFolder, 'tokenizer.json') : fileOrFolder;
  ensure(existsSync(file), `${fileOrFolder} must hold a tokenizer.json, found none`);
  let json: TokenizerJson;
  try {
    json = JSON.parse(readFileSync(file, 'utf8')) as TokenizerJson;
  } catch (error) {
    throw new InputError(`${file} must be JSON: ${(error as Error).message}`);
  }
  ensure(json?.model && Array.isArray(json.added_tokens), `${file} must be a tokenizer.json with model and added_tokens`);
  return new Tokenizer(json);
}
