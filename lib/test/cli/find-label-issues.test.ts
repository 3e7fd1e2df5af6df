// Oracles: what was typed, which a message repeats; four rows made here.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { main } from '../../cli/main';

const folder = mkdtempSync(join(tmpdir(), 'issues-cli-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const [labels, probs] = ['labels.csv', 'probs.csv'].map((name) => join(folder, name));
writeFileSync(labels, 'label\n0\n1\n0\n1\n');
writeFileSync(probs, 'a,b\n0.9,0.1\n0.2,0.8\n0.3,0.7\n0.4,0.6\n');

test('a mistake names the option as it is typed, in one line', async () => {
  const pruning = 'prune_by_noise_rate, prune_by_class, both';
  const mistakes: [words: string[], line: string][] = [
    [['--frac-noise', '5'], '--frac-noise must be between 0 and 1, got 5'],
    [['--frac-noise', 'x'], '--frac-noise must be a number, got "x"'],
    [['--frac-noise', '.5', '--filter-by', 'confident_learning'], `--frac-noise applies only to ${pruning}; got --filter-by confident_learning`],
    [['--min-examples-per-class', '-1'], '--min-examples-per-class must be ≥ 0, got -1'],
    [['--min-examples-per-class', '1.5'], '--min-examples-per-class must be a whole number, got "1.5"'],
    [['--num-to-remove-per-class', '1,x'], '--num-to-remove-per-class must be a number, got "x"'],
    [['--num-to-remove-per-class', '1,1,1'], '--num-to-remove-per-class must hold one number for each of the 2 classes, got 3'],
    [['--num-to-remove-per-class', '0,9', '--stream'], "--num-to-remove-per-class[1] must be a whole number from 0 to the class's 2 rows, got 9"],
    [['--adjust', '--rank-by', 'confidence_weighted_entropy'], '--adjust is not defined for confidence_weighted_entropy'],
    [['--worst', '1.5'], '--worst must be a whole number, got "1.5"'],
    [['--report', ''], '--report must name a file, got ""'],
    [['--text', 'title'], '--text names columns of the rows themselves: expected --data beside it'],
  ]; // prettier-ignore
  for (const [words, line] of mistakes) {
    const { mock } = test.mock.method(process.stderr, 'write', () => true);
    const status = await main(['find-label-issues', '--labels', labels, '--probs', probs, ...words]);
    const said = mock.calls.map((call) => String(call.arguments[0])).join('');
    mock.restore();
    assert.deepEqual([status, said], [2, `esci: ${line}\n`]);
  }
});
