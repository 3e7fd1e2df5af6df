/** The two notebooks that the check in a browser opens, written into its scratch folder. */
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup/paths.mjs';

/** A committed notebook with its outputs, under another name: as a newcomer finds it. */
export function untrustedNotebook(folder) {
  const path = join(folder, 'untrusted.ipynb');
  copyFileSync(join(root, 'notebooks', '03_strategy_ablation.ipynb'), path);
  return path;
}

const CELLS = [
  "for (let i = 0; i < 20000; i++) console.log('line', i);",
  `import { breathe } from 'esci/dist/runtime/stoppable';
import { progress } from 'esci/dist/runtime/progress';
const bar = progress('work', 40);
for (let i = 1; i <= 40; i++) { bar.update(i); await new Promise((r) => setTimeout(r, 50)); }
bar.stop();`,
  `import * as esci from 'esci';
esci.showFigure(esci.report.barsFigure([{ name: 'us', values: [{ value: 0.5 }, { value: 0.3 }] }], { title: 'Two bars', alt: 'Two bars', y: 'share', categories: ['exact', 'other'] })!);`,
  `const { stopped } = await esci.reproduceTables({ table: '5', scale: 'smoke', rows: ['base'], seeds: 1, set: ['length.steps=100000'] });
console.log('stopped:', stopped);`,
  "console.log('after the stop:', 1 + 1);",
];

/** A notebook of code cells without outputs: prints much, shows progress, draws, trains for as long as it is let, prints again. */
export function workNotebook(folder) {
  const path = join(folder, 'work.ipynb');
  const cells = CELLS.map((source, i) => ({ cell_type: 'code', id: `cell-${i}`, metadata: {}, execution_count: null, outputs: [], source })); // prettier-ignore
  const metadata = { kernelspec: { name: 'tslab', display_name: 'TypeScript', language: 'typescript' } };
  writeFileSync(path, JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }));
  return path;
}
