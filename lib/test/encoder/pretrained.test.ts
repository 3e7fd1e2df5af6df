// Oracles: the bytes that were written, IEEE 754 by arithmetic, transformers' files, and the errors a user should see.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { configFromHuggingFace, configToHuggingFace } from '../../encoder/config';
import { initialise } from '../../encoder/initialise';
import { encoderParams } from '../../encoder/parameters';
import { loadPretrained, loadTensors, savePretrained } from '../../encoder/pretrained';
import { openWeights, SafetensorsReader, weightsDigest } from '../../encoder/safetensors';
import { writeSafetensors } from '../../encoder/safetensors-writer';
import { classificationParams } from '../../heads/classification';
import { mlmParams } from '../../heads/mlm';
import { InputError } from '../../runtime/errors';
import { Key } from '../../runtime/key';
import { tf } from '../../runtime/tensorflow';
import { goldenFolder } from './golden-folder';
import { tiny } from './tiny';

async function inFolder(body: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'pretrained-'));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A safetensors file from raw bytes. */
function write(path: string, tensors: Record<string, { dtype: string; shape: number[]; bytes: Buffer }>): void {
  let at = 0;
  const header = Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => [
      name,
      { dtype, shape, data_offsets: [at, (at += bytes.length)] },
    ]),
  );
  const json = Buffer.from(JSON.stringify(header));
  const lead = Buffer.alloc(8);
  lead.writeBigUInt64LE(BigInt(json.length));
  writeFileSync(path, Buffer.concat([lead, json, ...Object.values(tensors).map((t) => t.bytes)]));
}

test('every type of encoder, with and without heads, comes back bit for bit, and nothing temporary stays', async () => {
  for (const type of ['xlm-roberta', 'bert'] as const)
    for (const heads of [[], ['mlm'], ['classification'], ['mlm', 'classification', 'other']])
      await inFolder((folder) => {
        const config = tiny(type);
        const specs = {
          ...encoderParams(config),
          ...(heads.includes('mlm') ? mlmParams(config) : {}),
          ...(heads.includes('classification') ? classificationParams(config, 5) : {}),
          ...(heads.includes('other') ? { 'heads.other.table': { shape: [3, 2], init: { normal: 1 } } } : {}),
        };
        const values = initialise(specs, Key.from('weights'));
        savePretrained(folder, config, specs, values);
        assert.deepEqual(readdirSync(folder).sort(), ['config.json', 'model.safetensors']);
        const back = loadPretrained(folder);
        assert.deepEqual(back.config, config);
        assert.deepEqual({ ...back.params, ...back.heads }, values);
        for (const [name, { shape }] of Object.entries(specs)) assert.deepEqual(back.shapes[name], shape);
      });
});

test(
  "transformers' own files: what is read, written and read again is the same, and so are the file's names",
  { skip: goldenFolder('seed7') ? false : 'the folder of reference numbers is missing' },
  async () => {
    for (const model of ['xlmr-tiny', 'bert-tiny'])
      await inFolder((folder) => {
        const original = goldenFolder('seed7', model)!;
        const { config, params, heads, shapes } = loadPretrained(original);
        const specs = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape, init: { constant: 0 } }]));
        savePretrained(folder, config, specs, { ...params, ...heads });
        const [a, b] = [original, folder].map((f) => new SafetensorsReader(join(f, 'model.safetensors')));
        assert.deepEqual(Object.keys(b.tensors).sort(), Object.keys(a.tensors).sort());
        for (const name of Object.keys(a.tensors)) assert.deepEqual(b.read(name), a.read(name), name);
        const json = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
        const theirs = JSON.parse(readFileSync(join(original, 'config.json'), 'utf8')) as Record<string, unknown>;
        assert.deepEqual(json.architectures, theirs.architectures);
        assert.deepEqual(configFromHuggingFace(json), configFromHuggingFace(theirs));
      });
  },
);

test('f16, bf16 and f64 widen to the numbers that they stand for', async () => {
  await inFolder((folder) => {
    const path = join(folder, 'x.safetensors');
    const f16 = Buffer.alloc(14); // 1, −2.5, the least subnormal 2⁻²⁴, 65504 (the largest), −0, ∞, 1/3 rounded
    [0x3c00, 0xc100, 0x0001, 0x7bff, 0x8000, 0x7c00, 0x3555].forEach((bits, i) => f16.writeUInt16LE(bits, 2 * i));
    const bf16 = Buffer.alloc(6); // 1, −3.140625 (π in 8 bits), 2⁻¹²⁶
    [0x3f80, 0xc049, 0x0080].forEach((bits, i) => bf16.writeUInt16LE(bits, 2 * i));
    const f64 = Buffer.alloc(8);
    f64.writeDoubleLE(0.1);
    const big = Buffer.alloc(2 * 10_000_019); // longer than one slice: 1 everywhere, 2 at the end
    for (let i = 0; i < 10_000_019; i++) big.writeUInt16LE(i === 10_000_018 ? 0x4000 : 0x3f80, 2 * i);
    write(path, {
      f16: { dtype: 'F16', shape: [7], bytes: f16 },
      bf16: { dtype: 'BF16', shape: [3, 1], bytes: bf16 },
      f64: { dtype: 'F64', shape: [], bytes: f64 },
      big: { dtype: 'BF16', shape: [10_000_019], bytes: big },
    });
    const reader = new SafetensorsReader(path);
    assert.deepEqual([...reader.read('f16')], [1, -2.5, 2 ** -24, 65504, -0, Infinity, 1365 / 4096]);
    assert.deepEqual([...reader.read('bf16')], [1, -3.140625, 2 ** -126]);
    assert.deepEqual([...reader.read('f64')], [Math.fround(0.1)]);
    const values = reader.read('big');
    assert.equal(values[10_000_018], 2);
    assert.ok(values.subarray(0, -1).every((x) => x === 1));
  });
});

test('sharded folders load like whole ones; old LayerNorm names and index buffers are understood', async () => {
  await inFolder(async (folder) => {
    const config = tiny('bert');
    const specs = encoderParams(config);
    const values = initialise(specs, Key.from('shards'));
    const names = Object.keys(specs);
    const old = (n: string): string =>
      'bert.' + n.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta');
    const source = (part: string[]) =>
      Object.fromEntries(part.map((n) => [old(n), { shape: specs[n].shape, values: () => values[n] }]));
    writeSafetensors(join(folder, 'a.safetensors'), source(names.slice(0, 5)));
    writeSafetensors(join(folder, 'b.safetensors'), {
      ...source(names.slice(5)),
      'bert.embeddings.position_ids': { shape: [1], values: () => new Float32Array(1) },
    });
    const map: Record<string, string> = Object.fromEntries<string>([
      ...names.map((n, i): [string, string] => [old(n), i < 5 ? 'a.safetensors' : 'b.safetensors']),
      ['bert.embeddings.position_ids', 'b.safetensors'] as [string, string],
    ]);
    writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
    writeFileSync(join(folder, 'config.json'), JSON.stringify(configToHuggingFace(config)));
    assert.deepEqual(loadPretrained(folder).params, values);
    const digest = await weightsDigest(folder);
    assert.match(digest, /^[0-9a-f]{64}$/);
    const shard = readFileSync(join(folder, 'b.safetensors'));
    shard[shard.length - 1] ^= 1;
    writeFileSync(join(folder, 'b.safetensors'), shard);
    assert.notEqual(await weightsDigest(folder), digest, 'one bit of the second shard');
    shard[shard.length - 1] ^= 1;
    writeFileSync(join(folder, 'b.safetensors'), shard);
    assert.equal(await weightsDigest(folder), digest);
    const before = tf.memory().numTensors;
    const { params } = loadTensors(folder);
    for (const name of names) assert.deepEqual(params[name].dataSync(), values[name]);
    tf.dispose(params);
    assert.equal(tf.memory().numTensors, before);
    writeFileSync(
      join(folder, 'model.safetensors.index.json'),
      JSON.stringify({ weight_map: { ...map, x: '../a.safetensors' } }),
    );
    assert.throws(() => loadPretrained(folder), /shard outside its folder/);
  });
});

test('all that is wrong with the tensors stands in one error', async () => {
  await inFolder((folder) => {
    const config = tiny('xlm-roberta');
    const specs = { ...encoderParams(config) };
    const values = initialise(specs, Key.from('wrong'));
    savePretrained(folder, config, specs, values);
    const tensors = Object.fromEntries(Object.entries(specs).map(([n, { shape }]) => [n, { shape, values: () => values[n] }]));
    delete tensors['encoder.layer.1.output.dense.bias'];
    tensors['encoder.layer.2.output.dense.bias'] = { shape: [6], values: () => new Float32Array(6) };
    tensors['encoder.layer.0.intermediate.dense.weight'] = { shape: [6, 11], values: () => new Float32Array(66) };
    writeSafetensors(join(folder, 'model.safetensors'), tensors);
    assert.throws(
      () => loadPretrained(folder),
      (e: Error) =>
        e instanceof InputError &&
        /missing: encoder\.layer\.1\.output\.dense\.bias \[6\]/.test(e.message) &&
        /unknown: encoder\.layer\.2\.output\.dense\.bias \[6\]/.test(e.message) &&
        /misshaped: encoder\.layer\.0\.intermediate\.dense\.weight is \[6, 11\], config\.json asks for \[11, 6\]/.test(e.message),
    );
  });
});

test('files that are cut off, not safetensors, or not there are named', async () => {
  await inFolder((folder) => {
    const path = join(folder, 'model.safetensors');
    assert.throws(() => loadPretrained(join(folder, 'nowhere')), /nowhere does not exist/);
    assert.throws(() => loadPretrained(folder), /config\.json cannot be read/);
    writeSafetensors(path, { x: { shape: [5], values: () => new Float32Array(5) } });
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, whole.length - 4));
    assert.throws(() => new SafetensorsReader(path), /cut off: x ends at byte/);
    writeFileSync(path, 'version https://git-lfs.github.com/spec/v1');
    assert.throws(() => new SafetensorsReader(path), InputError);
    const before = readFileSync(path);
    assert.throws(
      () => writeSafetensors(path, { x: { shape: [5], values: () => new Float32Array(4) } }),
      /must have 5 values, got 4/,
    );
    assert.deepEqual(readFileSync(path), before, 'a failed write leaves the old file');
    assert.deepEqual(readdirSync(folder), ['model.safetensors']);
    mkdirSync(join(folder, 'm'));
    writeFileSync(join(folder, 'm', 'config.json'), JSON.stringify({ model_type: 'gpt2' }));
    assert.throws(() => loadPretrained(join(folder, 'm')), /model_type must be one of xlm-roberta, bert, got "gpt2"/);
    writeFileSync(join(folder, 'm', 'config.json'), JSON.stringify({ model_type: 'bert', hidden_act: 'relu' }));
    assert.throws(() => loadPretrained(join(folder, 'm')), /hidden_act must be "gelu", got "relu"/);
    writeFileSync(join(folder, 'm', 'pytorch_model.bin'), 'x');
    assert.throws(() => openWeights(join(folder, 'm')), /holds neither model\.safetensors .*pickle.*save_pretrained/);
  });
});
