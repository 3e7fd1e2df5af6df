import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { projectCache, projectRoot } from '../../runtime/files';
import { esci as runProgram } from '../program';

const skip = existsSync(join(projectRoot(), '.venv', 'bin', 'jupyter')) ? false : '.venv has no Jupyter: run npm run setup';
const scratch = (): string => {
  mkdirSync(projectCache(), { recursive: true });
  return mkdtempSync(projectCache('notebooks-test-')); // inside the project, so that cells can import the library
};
const folder = skip ? '' : scratch();
after(() => folder && rmSync(folder, { recursive: true, force: true }));

interface Cell {
  id: string;
  execution_count: number | null;
  outputs: { output_type: string; name?: string; text?: string[] }[];
}

function notebook(name: string, ...cells: string[]): string {
  const path = join(folder, `${name}.ipynb`);
  const all = cells.map((source, i) => ({
    cell_type: 'code',
    id: `x${i}`,
    metadata: {},
    execution_count: 7,
    outputs: [],
    source,
  }));
  writeFileSync(
    path,
    JSON.stringify({
      cells: all,
      metadata: { kernelspec: { name: 'tslab', display_name: 'T' } },
      nbformat: 4,
      nbformat_minor: 5,
    }),
  );
  return path;
}

const esci = (...args: string[]) => runProgram(['notebooks', ...args]);
const cellsOf = (path: string): Cell[] => (JSON.parse(readFileSync(path, 'utf8')) as { cells: Cell[] }).cells;
const textOf = (cell: Cell): string => cell.outputs.map((o) => (o.text ?? []).join('')).join('');

test(
  '20,000 lines printed at once all arrive, the library is found by name, parameters come in, a stopped loop ends well; the file holds no count, id or path',
  { skip },
  () => {
    const path = notebook(
      'works',
      "for (let i = 0; i < 20000; i++) console.log('line', i);",
      "import { progress } from 'esci/dist/runtime/progress';\nconst p = progress('work', 3);\np.update(3);\np.stop();",
      'console.log(process.env.ESCI_SCALE, process.env.ESCI_POLY_EPSILON, process.cwd());',
      `import { breathe, stoppable } from 'esci/dist/runtime/stoppable';
const n = await stoppable(async (stopped) => {
  setTimeout(() => process.kill(process.pid, 'SIGINT'), 200); // the stop button
  let i = 0;
  while (i < 1e9 && !stopped()) { i++; await breathe(); }
  return i;
});
console.log('stopped early:', n < 1e9);`,
    );
    const { status, stderr } = esci(path, '--scale', 'smoke', '--set', 'polyEpsilon=1.5');
    assert.equal(status, 0, stderr);
    const cells = cellsOf(path);
    const lines = textOf(cells[0]).trimEnd().split('\n');
    assert.equal(lines.length, 20000);
    assert.equal(lines[19999], 'line 19999');
    assert.equal(cells[1].outputs.length, 1);
    assert.equal(cells[1].outputs[0].output_type, 'display_data');
    assert.match(textOf(cells[2]), /^smoke 1\.5 \.\/data\/cache\/notebooks-test-/);
    assert.equal(textOf(cells[3]), 'stopped early: true\n');
    assert.deepEqual(
      cells.map((c) => [c.id, c.execution_count]),
      [0, 1, 2, 3].map((i) => [`cell-0${i}`, null]),
    );
    const before = readFileSync(path, 'utf8');
    assert.equal(before.includes(projectRoot()), false);
    const again = esci(path, '--scale', 'smoke', '--set', 'polyEpsilon=1.5');
    assert.match(again.stdout, /outputs unchanged/);
    assert.equal(readFileSync(path, 'utf8'), before);
  },
);

test(
  'a cell that throws, one that does not type-check and a rejection nobody waits for fail the run, in words; nothing is written in place',
  { skip },
  () => {
    const paths = [
      notebook('throws', 'const a = 3;', 'throw new RangeError(`deliberate ${a}`);', "console.log('never');"),
      notebook('types', "const b: number = 'text';"),
      notebook('rejects', "void Promise.reject(new Error('nobody waits')); await new Promise((r) => setTimeout(r, 100));"),
    ];
    const before = paths.map((path) => readFileSync(path, 'utf8'));
    const { status, stderr } = esci(...paths);
    assert.equal(status, 1);
    assert.match(stderr, /throws: cell 2 failed[\s\S]*RangeError: deliberate 3/);
    assert.match(stderr, /types: cell 1 failed[\s\S]*Type 'string' is not assignable to type 'number'/);
    assert.match(stderr, /rejects: cell 1 rejected a promise[\s\S]*nobody waits/);
    assert.deepEqual(paths.map((path) => readFileSync(path, 'utf8')), before); // prettier-ignore
  },
);

test('with --out a notebook that fails is there as far as it came; in its own place it is as it was', { skip }, () => {
  const path = notebook('halfway', "console.log('seen');", "throw new RangeError('deliberate');", "console.log('never');");
  const before = readFileSync(path, 'utf8');
  const out = join(folder, 'elsewhere');
  const { status, stderr } = esci(path, '--out', out);
  assert.equal(status, 1);
  assert.match(stderr, /halfway: as far as it came: .*elsewhere\/halfway\.ipynb\n$/);
  const cells = cellsOf(join(out, 'halfway.ipynb'));
  assert.equal(textOf(cells[0]), 'seen\n');
  assert.match(textOf(cells[1]), /RangeError: deliberate/);
  assert.deepEqual(cells[2].outputs, []);
  assert.equal(readFileSync(path, 'utf8'), before);
});

test('a notebook that does not exist and a malformed parameter are one line and exit code 2', () => {
  const none = esci('no-such');
  assert.equal(none.status, 2);
  assert.match(none.stderr, /^esci: there is no notebook "no-such"; known: .*\n$/);
  assert.equal(esci('--set', 'novalue').status, 2);
});
