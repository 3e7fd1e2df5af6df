import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { handle } from '../ops/kernel';
import type { Params, ParamSpecs } from '../ops/params';
import { ensure, InputError } from '../runtime/errors';
import { writeFileAtomic } from '../runtime/files';
import { tf } from '../runtime/tensorflow';
import { configFromHuggingFace, configToHuggingFace, readConfigJson, type EncoderConfig } from './config';
import { fromHuggingFace, toHuggingFace } from './names';
import { encoderParams } from './parameters';
import { openWeights } from './safetensors';
import { writeSafetensors } from './safetensors-writer';

export interface Pretrained {
  config: EncoderConfig;
  /** The encoder's weights under the names of `encoderParams`. */
  params: Record<string, Float32Array>;
  /** The weights of the heads that the folder holds, as `heads.<head>.<weight>`. */
  heads: Record<string, Float32Array>;
  /** The shape of each weight, heads included. */
  shapes: Record<string, readonly number[]>;
  /** config.json as it was, for what this library does not use. */
  json: Record<string, unknown>;
}

/**
 * Loads a Hugging Face folder (config.json and model.safetensors, or a sharded index) of an XLM-RoBERTa, InfoXLM or BERT encoder, with the
 * MLM or classification head it may hold. f16 and bf16 files widen to float32.
 * @throws InputError that lists every missing, unknown and misshaped tensor at once.
 */
export function loadPretrained(folder: string): Pretrained {
  const params: Record<string, Float32Array> = {};
  const heads: Record<string, Float32Array> = {};
  const loaded = visitPretrained(folder, (name, values) => ((name.startsWith('heads.') ? heads : params)[name] = values));
  return { ...loaded, params, heads };
}

/** `loadPretrained` straight into tensors, one at a time, so that the weights are in memory once. The caller disposes them (`tf.dispose`). */
export function loadTensors(folder: string): { config: EncoderConfig; params: Params } {
  const params: Record<string, tf.Tensor> = {};
  try {
    const { config } = visitPretrained(folder, (name, values, shape) => {
      params[name] = tf.tensor(values, [...shape], 'float32');
      handle(params[name]); // uploads now, which lets go of the values
    });
    return { config, params };
  } catch (error) {
    tf.dispose(params);
    throw error;
  }
}

/** A model folder that was looked at but whose weights are still on disk. */
export interface OpenPretrained extends Pick<Pretrained, 'config' | 'json' | 'shapes'> {
  /** One weight's values, read when they are asked for. */
  read: (name: string) => Float32Array;
}

/** As `loadPretrained`, one weight at a time: for models that should be in memory once. */
export function openPretrained(folder: string): OpenPretrained {
  ensure(existsSync(folder), `the model folder ${folder} does not exist`);
  const json = readConfigJson(folder);
  const config = configFromHuggingFace(json);
  ensure(
    json.tie_word_embeddings !== false,
    `${folder}: the decoder of this model is not tied to its word embeddings, which is not supported`,
  );
  const files = openWeights(folder);
  const names = fromHuggingFace([...files.keys()]);
  const shapes: Record<string, readonly number[]> = {};
  const source = new Map<string, string>();
  for (const [theirs, ours] of names) {
    if (ours === null) continue;
    shapes[ours] = files.get(theirs)!.tensors[theirs].shape;
    source.set(ours, theirs);
  }
  report(folder, config, shapes, source);
  const read = (name: string): Float32Array => {
    const theirs = source.get(name);
    ensure(theirs !== undefined, `${folder} holds no weight ${name}`);
    return files.get(theirs)!.read(theirs);
  };
  return { config, json, shapes, read };
}

type Visit = (name: string, values: Float32Array, shape: readonly number[]) => void;

function visitPretrained(folder: string, visit: Visit): Pick<Pretrained, 'config' | 'json' | 'shapes'> {
  const { read, ...found } = openPretrained(folder);
  for (const [name, shape] of Object.entries(found.shapes)) visit(name, read(name), shape);
  return found;
}

/** Throws one error for all that is wrong with a file's tensors. */
function report(
  folder: string,
  config: EncoderConfig,
  shapes: Record<string, readonly number[]>,
  source: Map<string, string>,
): void {
  const expected = { ...shapesOf(encoderParams(config)), ...headShapes(config, shapes) };
  const show = (shape: readonly number[]): string => `[${shape.join(', ')}]`;
  const problems = [
    ...Object.keys(expected)
      .filter((name) => !(name in shapes))
      .map((name) => `missing: ${name} ${show(expected[name])}`),
    ...Object.keys(shapes)
      .filter((name) => !(name in expected) && !name.startsWith('heads.'))
      .map((name) => `unknown: ${source.get(name)} ${show(shapes[name])}`),
    ...Object.keys(expected)
      .filter((name) => name in shapes && show(shapes[name]) !== show(expected[name]))
      .map((name) => `misshaped: ${source.get(name)} is ${show(shapes[name])}, config.json asks for ${show(expected[name])}`),
  ];
  if (problems.length) throw new InputError(`${folder}: the weights do not fit config.json:\n${problems.join('\n')}`);
}

const shapesOf = (specs: ParamSpecs): Record<string, readonly number[]> =>
  Object.fromEntries(Object.entries(specs).map(([name, { shape }]) => [name, shape]));

/** The tensors that the known heads must have, for those heads of which a file holds any. */
function headShapes(config: EncoderConfig, present: Record<string, readonly number[]>): Record<string, readonly number[]> {
  const { hidden, vocabulary } = config;
  const dense = { 'dense.weight': [hidden, hidden], 'dense.bias': [hidden] };
  const classes = present['heads.classification.out_proj.weight']?.[0] ?? present['heads.classification.out_proj.bias']?.[0] ?? 1;
  const known: Record<string, Record<string, number[]>> = {
    mlm: { ...dense, 'layer_norm.weight': [hidden], 'layer_norm.bias': [hidden], bias: [vocabulary] },
    classification: { ...dense, 'out_proj.weight': [classes, hidden], 'out_proj.bias': [classes] },
    pooler: dense,
  };
  const shapes: Record<string, readonly number[]> = {};
  for (const [head, parts] of Object.entries(known)) {
    if (!Object.keys(present).some((n) => n.startsWith(`heads.${head}.`))) continue;
    for (const [part, shape] of Object.entries(parts)) shapes[`heads.${head}.${part}`] = shape;
  }
  return shapes;
}

/**
 * Writes a folder that transformers loads: config.json and model.safetensors, each atomically.
 * `specs` names the weights to write and their shapes: `encoderParams(config)` and those of any heads. An MLM head makes it an
 * XLMRobertaForMaskedLM or BertForMaskedLM, a classification head a …ForSequenceClassification; without either it is the bare model.
 * Heads that transformers does not know keep their names, which it skips with a warning and `loadPretrained` reads back.
 * `extra` goes into config.json (labels, for example).
 */
export function savePretrained(
  folder: string,
  config: EncoderConfig,
  specs: ParamSpecs,
  params: Readonly<Record<string, Float32Array>>,
  extra: Record<string, unknown> = {},
): void {
  const names = Object.keys(specs);
  const missing = [...new Set([...Object.keys(encoderParams(config)), ...names])].filter((n) => !(n in params) || !(n in specs));
  ensure(missing.length === 0, `cannot save ${folder}: no weights for ${missing.join(', ')}`);
  const naming = toHuggingFace(config, names);
  const tensors = Object.fromEntries(
    names.map((name) => [naming.name(name), { shape: specs[name].shape, values: () => params[name] }] as const),
  );
  ensure(
    Object.keys(tensors).length === names.length,
    `cannot save ${folder}: two weights have one name in Hugging Face's layout`,
  );
  writeSafetensors(join(folder, 'model.safetensors'), tensors);
  const json = configToHuggingFace(config, { architectures: [naming.architecture], ...labels(specs), ...extra });
  writeFileAtomic(join(folder, 'config.json'), JSON.stringify(json, null, 2) + '\n');
}

/** transformers counts a classifier's outputs by its labels. */
function labels(specs: ParamSpecs): Record<string, unknown> {
  const output = specs['heads.classification.out_proj.weight'];
  if (!output) return {};
  const classes = Array.from({ length: output.shape[0] }, (_, k) => `LABEL_${k}`);
  return { id2label: { ...classes }, label2id: Object.fromEntries(classes.map((label, k) => [label, k])) };
}
