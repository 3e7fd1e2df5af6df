import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { ensure, InputError, oneOf } from '../runtime/errors';
import { wholeOf } from './numbers';
import { checkOutputFile } from './outputs';

interface Options {
  model: string;
  ids?: string;
  text?: string[];
  maxLength?: string;
  pool: string;
  out?: string;
}

/** `encode`: token ids or texts through an encoder, to its last hidden states. */
export function registerEncode(program: Command): void {
  program
    .command('encode')
    .description('run token ids or texts through an encoder and write its last hidden states')
    .requiredOption(
      '--model <name or folder>',
      'a Hugging Face model folder (config.json, model.safetensors, and tokenizer.json for --text)',
    )
    .option('--ids <file>', 'JSON: {input_ids, attention_mask, token_type_ids?}, each a list of rows')
    .option('--text <text...>', 'texts; a tab in a text makes it a pair')
    .option('--max-length <tokens>', 'cut texts to this many tokens')
    .option('--pool <how>', 'none: every token (last_hidden_state); first or mean: one vector a text (embeddings)', 'none')
    .option('--out <file>', 'where the JSON goes; standard output without it')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const pool = oneOf('--pool', options.pool, ['none', 'first', 'mean'] as const);
  ensure(Boolean(options.ids) !== Boolean(options.text), 'encode needs either --ids or --text');
  const { ids: idsFile, out } = options;
  if (out !== undefined) checkOutputFile('--out', out, { '--ids': idsFile });
  const { checkTokenIds, configFromHuggingFace, encode, inputTensors, loadTensors, readConfigJson } = await import('../encoder');
  const { firstToken, meanPool, scoped } = await import('../ops');
  const { tf } = await import('../runtime/tensorflow');
  const model = await (await import('./model-folder')).modelFolder(options.model);
  const modelFiles = ['config.json', 'model.safetensors', 'tokenizer.json'].map((name) => join(model, name));
  if (out !== undefined) checkOutputFile('--out', out, { '--model': modelFiles });
  const config = configFromHuggingFace(readConfigJson(model));
  const ids = checkTokenIds(config, idsFile ? readJson(idsFile) : await tokenise({ ...options, model }));
  const { params } = loadTensors(model);
  const result = scoped(() => {
    const batch = inputTensors(ids);
    const hidden = encode(params, config, batch); // [B, T, H]
    if (pool === 'none') return { last_hidden_state: hidden.arraySync() };
    return { embeddings: (pool === 'first' ? firstToken(hidden) : meanPool(hidden, batch.attentionMask)).arraySync() };
  });
  tf.dispose(params);
  const json = JSON.stringify(options.text ? { ...ids, ...result } : result) + '\n';
  if (out === undefined) process.stdout.write(json);
  else (await import('../runtime/files')).writeFileAtomic(out, json);
}

async function tokenise({ model, text = [], maxLength }: Options): Promise<unknown> {
  const { loadTokenizer } = await import('../text/tokenizer');
  const { configFromHuggingFace, longestText, readConfigJson } = await import('../encoder/config');
  const limit = longestText(configFromHuggingFace(readConfigJson(model)));
  const options = { maxLength: maxLength === undefined ? limit : wholeOf('--max-length', maxLength, 3, limit) };
  const tokenizer = loadTokenizer(model);
  const encoded = await Promise.all(
    text.map((t) => {
      const [query, ...product] = t.split('\t');
      return product.length ? tokenizer.encodePair(query, product.join(' '), options) : tokenizer.encodeSingle(query, options);
    }),
  );
  const types = encoded.map((e) => e.typeIds);
  return {
    input_ids: encoded.map((e) => [...e.ids]),
    ...(types.every((t) => t) ? { token_type_ids: types.map((t) => [...t!]) } : {}),
  };
}

function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new InputError(`--ids ${path} cannot be read`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`--ids ${path} is not JSON: ${(error as Error).message}`);
  }
}
