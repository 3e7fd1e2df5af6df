// Oracles: the inputs' bytes before; exit code 2 and one line, as for any mistake of a user.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { main } from '../../cli/main';
import { esci, startEsci } from '../program';

const folder = mkdtempSync(join(tmpdir(), 'outputs-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const at = (...names: string[]): string => join(folder, ...names);
const write = (name: string, ...lines: string[]): string => {
  writeFileSync(at(name), `${lines.join('\n')}\n`);
  return at(name);
};

/** Exit code and stderr, in this process, since a new one takes longer than a refusal. */
async function said(words: readonly string[]): Promise<[number, string]> {
  const { mock } = test.mock.method(process.stderr, 'write', () => true);
  const status = await main(words);
  const text = mock.calls.map((call) => String(call.arguments[0])).join('');
  mock.restore();
  return [status, text];
}

const refused = async (words: readonly string[], line: RegExp): Promise<void> => {
  const [status, text] = await said(words);
  assert.match(text, line);
  assert.deepEqual([status, text.trimEnd().split('\n').length], [2, 1], text);
};

const judged = write('judged.csv', 'query_id,query,product_id,product_locale,grade', '1,lamp,A,us,1', '1,lamp,B,us,0');
const scores = write('scores.csv', 'query_id,product_id,score', '1,A,2', '1,B,1');
const products = write('products.csv', 'product_id,product_locale,product_title', 'A,us,lamp', 'B,us,cup');
const rows = write('rows.csv', 'query,product_id,product_locale,esci_label,product_title', 'lamp,A,us,E,lamp', 'lamp,B,us,I,cup');
const labels = write('labels.csv', 'label', '0', '1');
const probs = write('probs.csv', 'a,b', '0.9,0.1', '0.2,0.8');
const ids = write('ids.json', '{"input_ids": [[1]], "attention_mask": [[1]]}');
const export_ = (name: string): string => at('ubi', name);
mkdirSync(at('ubi'));
mkdirSync(at('lists'));
mkdirSync(at('model'));
for (const path of [at('lists', 'products.csv'), at('lists', 'judgements.csv'), at('model', 'config.json')])
  writeFileSync(path, 'kept\n');
writeFileSync(export_('ubi_queries.jsonl'), 'kept\n');
symlinkSync(folder, at('here'));
symlinkSync('rows.csv', at('link.jsonl'));

/** Every verb that writes a file: its words less the output, the option of the output, and the inputs by option. */
const VERBS: [words: string[], output: string, inputs: [option: string, path: string][]][] = [
  [['score', '--task', '1', '--judgements', judged, '--predictions', scores], '--per-query', [['--judgements', judged], ['--predictions', scores]]],
  [['ensemble', '--predictions', `${products},${scores}`, '--judgements', judged], '--out', [['--predictions', scores], ['--judgements', judged]]],
  [['rank', '--by', 'bm25', '--products', products, '--judgements', judged], '--out', [['--products', products], ['--judgements', judged]]],
  [['find-label-issues', '--labels', labels, '--probs', probs, '--data', rows], '--report', [['--labels', labels], ['--probs', probs], ['--data', rows]]],
  [['log', 'simulate', '--data', rows], '--out', [['--data', rows]]],
  [['log', 'simulate', '--data', at('lists')], '--out', [['--data', at('lists', 'products.csv')], ['--data', at('lists', 'judgements.csv')]]],
  [['log', 'from-ubi', at('ubi')], '--out', [['folder', export_('ubi_queries.jsonl')]]],
  [['predict', '--model', at('model'), '--data', rows], '--out', [['--data', rows]]],
  [['encode', '--model', at('model'), '--ids', ids], '--out', [['--ids', ids], ['--model', at('model', 'config.json')]]],
  [['bench', '--data', rows], '--out', [['--data', rows]]],
]; // prettier-ignore

test('an option that would not be read is refused, and what it needs is named', async () => {
  const scoring = ['score', '--judgements', judged, '--predictions', scores];
  for (const option of [['--k', '10'], ['--convention', 'trec'], ['--zero-ideal', 'skip'], ['--all']])
    await refused([...scoring, '--task', '2', ...option], new RegExp(`${option[0]} is of nDCG: expected --task 1, got --task 2`));
  const members = ['ensemble', '--predictions', `${scores},${scores}`, '--out', at('new.csv')];
  await refused([...members, '--folds', '7'], /--folds is of learnt weights: expected --judgements and --weights cv/);
  await refused([...members, '--judgements', judged, '--weights', 'equal', '--folds', '7'], /--folds is of learnt weights/);
  const dry = ['reproduce', '--table', '4', '--scale', 'smoke', '--dry-run'];
  await refused([...dry, '--detect', '0.1'], /--detect plans seeds: expected --seeds auto beside it/);
  await refused([...dry, '--seeds', '3', '--yes'], /--yes plans seeds: expected --seeds auto beside it/);
});

test('an output that is also an input is refused by every verb, as it is named or through a link', async () => {
  for (const [words, output, inputs] of VERBS)
    for (const [option, path] of inputs) {
      const before = readFileSync(path);
      for (const name of [path, path.replace(folder, at('here')), path.replace(folder, `${folder}/./model/..`)])
        await refused([...words, output, name], new RegExp(`^esci: ${output} \\S+ is also read as ${option}; expected another file$`, 'm')); // prettier-ignore
      assert.deepEqual(readFileSync(path), before, path);
    }
  await refused(['log', 'simulate', '--data', rows, '--out', at('link.jsonl')], /--out \S+link\.jsonl is also read as --data/);
  await refused(['log', 'simulate', '--data', at('link.jsonl'), '--out', rows], /--out \S+rows\.csv is also read as --data/);
});

test('a folder of results is none that is read, nor above one', async () => {
  mkdirSync(at('trained'));
  writeFileSync(at('trained', 'pretraining.json'), '{}');
  const pretrain = ['pretrain', '--scale', 'smoke', '--from', at('trained'), '--out'];
  await refused(
    [...pretrain, at('here', 'trained')],
    /--out \S+trained is also read as --from \S+trained; expected another folder/,
  );
  await refused(
    ['finetune', '--scale', 'smoke', '--data', rows, '--out', folder],
    /--out \S+ is also read as --data \S+rows\.csv/,
  );
  assert.deepEqual(readdirSync(at('trained')), ['pretraining.json']);
});

test('an output where none can be is refused before any work, by every verb', async () => {
  const before = readdirSync(folder);
  symlinkSync('/nonexistent-disk', at('dangling'));
  const places: [path: string, line: RegExp][] = [
    ['', /--?[a-z-]+ must name a file, got ""|must end in/],
    [at('folder.csv'), /folder\.csv is a folder; expected a file/],
    [at('scores.csv', 'x.csv'), /scores\.csv is a file; expected a folder/],
    [at('dangling', 'x.csv'), /dangling is a link to \/nonexistent-disk, which does not exist; expected a folder/],
    ...(process.platform === 'linux' ? [['/proc/x/y.csv', /nothing can be written in \/proc/] as [string, RegExp]] : []),
  ];
  mkdirSync(at('folder.csv'));
  for (const [words, output] of VERBS) for (const [path, line] of places) await refused([...words, output, path], line);
  for (const words of [
    ['finetune', '--scale', 'smoke', '--out'],
    ['pretrain', '--scale', 'smoke', '--out'],
    ['report', '--out'],
    ['notebooks', '--out'],
    ['run', '--experiment', 'none', '--out'],
    ['data', 'fetch', 'esci', '--to'],
    ['data', 'generate', '--world', 'smoke'],
  ])
    for (const path of [scores, at('scores.csv', 'x'), at('dangling')])
      await refused([...words, path], /(scores\.csv is a file|dangling is a link to \/nonexistent-disk, which does not exist); expected a folder/); // prettier-ignore
  rmSync(at('folder.csv'), { recursive: true });
  rmSync(at('dangling'));
  assert.deepEqual(readdirSync(folder), before, 'nothing is made');
});

test('a disk that is full is one line', { skip: !existsSync('/dev/full') }, () => {
  const words = ['score', '--task', '1', '--judgements', judged, '--predictions', scores, '--per-query', '/dev/full'];
  const { status, stderr } = esci(words);
  assert.deepEqual([status, stderr], [1, 'esci: /dev/full: no space left on device\n']);
});

test(
  'a reader that closes the pipe in the place of a file ends the program without a word',
  { skip: process.platform !== 'linux' },
  async () => {
    const words = ['score', '--task', '1', '--judgements', judged, '--predictions', scores, '--per-query', '/dev/stdout'];
    const child = startEsci(words, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout!.destroy();
    let text = '';
    child.stderr!.on('data', (bytes: Buffer) => (text += bytes.toString()));
    const code = await new Promise((done) => child.on('close', done));
    assert.deepEqual([code, text], [0, '']);
  },
);
