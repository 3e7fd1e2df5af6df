// Oracles: exit codes and lines as a user sees them; the settings listed are those that `--set` takes.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { main } from '../../cli/main';
import type { FinetuneConfig } from '../../experiments/config';
import { esci as runProgram } from '../program';

const work = mkdtempSync(join(tmpdir(), 'esci-finetune-'));
test.after(() => rmSync(work, { recursive: true, force: true }));
const model = join(work, 'model');
const cache = join(work, 'cache');
process.env.ESCI_DATA_CACHE = cache;

const esci = (...words: string[]) => runProgram(words);
/** Refused: exit code 2, one line on stderr, no folder, no cache: nothing ran. In this process, since a new one takes longer than a refusal. */
const refused = async (words: readonly string[], line: RegExp): Promise<void> => {
  const { mock } = test.mock.method(process.stderr, 'write', () => true);
  const status = await main(words);
  const said = mock.calls.map((call) => String(call.arguments[0])).join('');
  mock.restore();
  assert.match(said, line);
  assert.deepEqual([status, said.trimEnd().split('\n').length], [2, 1], said);
  assert.ok(!existsSync(model) && !existsSync(cache), 'nothing ran');
};
const finetune = (...words: string[]): string[] => ['finetune', '--scale', 'smoke', '--out', model, ...words];

test('what cannot be run is refused before anything is run, in one line', async () => {
  await refused(finetune('--set', 'loss.kind=focla'), /^esci: loss\.kind: got "focla"; one of ce, poly1, focal, ghm, mse, /);
  await refused(
    finetune('--tricks', 'fgm', '--set', 'tricks.fgm.epsilon=-1'),
    /^esci: tricks\.fgm\.epsilon: got -1; a number ≥ 0$/m,
  );
  await refused(finetune('--set', 'optimiser.batch=0'), /^esci: optimiser\.batch: got 0; a whole number ≥ 1$/m);
  await refused(finetune('--seed', 'x'), /^esci: --seed must be a number, got "x"$/m);
  await refused(finetune('--tricks', 'fgm,pgd'), /--tricks takes one adversary of fgm, pgd, freelb, awp, got fgm and pgd/);
  await refused(
    finetune('--tricks', 'awp', '--mode', 'textbook'),
    /awp is neither in the paper nor in its release and has no modes/,
  );
  await refused(finetune('--mode', 'coded'), /--mode must be one of as-published, as-coded, textbook, got "coded"/);
  await refused(
    ['predict', '--model', model, '--data', 'x.csv', '--out', 'p.csv', '--batch', 'abc'],
    /--batch must be a number, got "abc"/,
  );
  await refused(['pretrain', '--scale', 'smoke', '--out', model, '--seed', '1.5'], /--seed must be a whole number, got "1\.5"/);
  await refused(['finetune', '--scale', 'smoke'], /--out must name the folder/);
});

test('--list-settings prints each setting of the tricks that are on with what it allows; --help names what has no trick’s name', () => {
  const { status, stdout, stderr } = esci('finetune', '--scale', 'smoke', '--tricks', 'ema,pgd,rdrop', '--list-settings');
  assert.equal(status, 0, stderr);
  for (const line of [
    /^tricks\.fgm\.kind=pgd +one of fgm, pgd, freelb, awp$/m,
    /^tricks\.fgm\.steps=3 +a whole number ≥ 1$/m,
    /^tricks\.fgm\.stepSize=0\.15 +a number > 0$/m,
    /^tricks\.rdrop\.pair=fgm +one of dropout, fgm$/m,
    /^tricks\.mixup=null +null, or as JSON settings \{alpha, site, clean\}$/m,
    /^loss\.smoothing=0 +a number from 0 to 0\.999$/m,
    /^optimiser\.layerDecay=1 +a number > 0$/m,
    /^text\.fields=\["title","brand","color"\] +a list; each one of locale, title,/m,
  ])
    assert.match(stdout, line);
  const help = esci('finetune', '--help').stdout;
  for (const words of ['loss.smoothing=', 'optimiser.layerDecay=', 'pgd', 'freelb', 'awp', '--mode'])
    assert.ok(help.includes(words), words);
});

test('a trick that did nothing ends with exit code 1, its model and record written; an adversary by name trains', () => {
  const few = ['--set', 'pretrain=null', '--set', 'length.steps=2', '--set', 'text.buckets=1'];
  const idle = esci(...finetune('--tricks', 'fgm', '--set', 'tricks.fgm.epsilon=0', ...few));
  assert.equal(idle.status, 1, idle.stderr);
  assert.match(idle.stderr, /^self-check failed: FGM: the weights are perturbed/m);
  assert.match(idle.stderr, /^1 self-check failed: exit code 1; the model and its record are in .*model all the same$/m);
  assert.ok(existsSync(join(model, 'record.json')) && existsSync(join(model, 'esci.json')));

  const out = join(work, 'pgd');
  const done = esci('finetune', '--scale', 'smoke', '--out', out, '--tricks', 'pgd,rdrop', ...few);
  assert.equal(done.status, 0, done.stderr);
  const record = JSON.parse(readFileSync(join(out, 'record.json'), 'utf8')) as {
    experiment: { config: FinetuneConfig };
    checks: { name: string; ok: boolean }[];
  };
  const { fgm, rdrop } = record.experiment.config.tricks;
  assert.deepEqual(fgm, { kind: 'pgd', scale: 'absolute', gradient: 'fresh', epsilon: 0.3, steps: 3, stepSize: 0.15 });
  assert.equal(rdrop?.pair, 'fgm', 'R-Drop compares with the adversary’s pass');
  assert.ok(record.checks.some(({ name, ok }) => ok && name === 'PGD: the weights are perturbed'));
});

test('predict names the file and the columns that the user has', () => {
  const data = join(work, 'bad.csv');
  writeFileSync(data, 'query,product_id,product_title\nmug,B1,a mug\n');
  const { status, stderr } = esci('predict', '--model', model, '--data', data, '--out', join(work, 'p.csv'));
  assert.equal(status, 2);
  assert.equal(
    stderr.trimEnd(),
    `esci: ${data} lacks product_locale, which rows to predict need; its columns are query, product_id, product_title`,
  );
});
