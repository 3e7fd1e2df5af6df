// Oracle: the mean of the times in the records themselves.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { costSummary, planCosts } from '../../cli/reproduce-cost';
import { committedRuns, findRecord } from '../../experiments/store';
import { planReproduction } from '../../report/reproduce';

test('runs to be made again are timed by their earlier records, and counted as to do', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'again-'));
  try {
    process.env.ESCI_ONLY_RUNS = folder;
    const { runs } = await planReproduction({ table: '3', rows: ['none'], scale: 'demo', seeds: 1 });
    const earlier = runs.map(({ id }) => findRecord(id, [committedRuns()])!.record.cost.wallSeconds);
    const seconds = earlier.reduce((sum, x) => sum + x, 0) / earlier.length;
    const costs = await planCosts(runs, { ram: 2 ** 34, jobs: 1, name: 'a test' }, () => assert.fail('records tell the time'));
    for (const { duration } of costs) assert.deepEqual(duration, { seconds, from: 'row' });
    const count = runs.length;
    assert.match(
      costSummary(runs, costs, 1, ''),
      new RegExp(`for ${count} runs to do, .* for all ${count} .*each row's records`),
    );
  } finally {
    delete process.env.ESCI_ONLY_RUNS;
    rmSync(folder, { recursive: true, force: true });
  }
});
