import type { RunRecord } from '../../experiments/record';
import { markup, type Markup } from '../markup';
import { count, plain } from '../numbers';

/** What the page's figures rest on: data sets, machines and code, and every run with its cost and record. */
export function provenance(runs: readonly RunRecord[], recordHref: (id: string) => string): Markup {
  // One file may be used whole and in part (the locales that a vocabulary reads): each use is listed.
  const use = ({ data: d }: RunRecord): string => JSON.stringify([d.name, d.sha256, d.rows, d.queries]);
  const data = unique(runs, use);
  const machines = unique(runs, (r) => JSON.stringify([r.environment, r.code]));
  const hours = runs.reduce((sum, r) => sum + r.cost.wallSeconds, 0) / 3600;
  return markup`<section id="provenance" aria-labelledby="provenance-title">
<h2 id="provenance-title">Provenance</h2>
<p class="lead">${runs.length} runs, ${plain(hours, hours < 10 ? 1 : 0)} hours of computing in all.</p>
${block(
  'Data',
  ['Name', 'Scales', 'Rows', 'Queries', 'E', 'S', 'C', 'I', 'SHA-256'],
  data.map((run) => [
    run.data.name,
    [...new Set(runs.filter((r) => use(r) === use(run)).map((r) => r.experiment.scale))].join(', '),
    ...sizes(run.data),
  ]),
)}
${weightsBlock(runs)}${block(
    'Code and machines',
    ['Version', 'Commit', 'Device', 'Processor', 'Precision', 'Threads', 'Node', 'TensorFlow', 'Runs'],
    machines.map(({ code, environment: e }) => [
      code.version,
      code.commit === null ? 'unknown' : code.commit.slice(0, 10) + (code.dirty ? ' + changes' : ''),
      e.device,
      `${e.cpu}, ${e.platform}`,
      e.precision,
      `${e.intraThreads}/${e.interThreads}`,
      e.node,
      e.tensorflow,
      count(runs.filter((r) => JSON.stringify([r.environment, r.code]) === JSON.stringify([e, code])).length),
    ]),
  )}
${block(
  'All runs',
  ['Record', 'Kind', 'Scale', 'Seed', 'Fold', 'Data', 'Steps', 'ms a step', 'Seconds', 'Peak MB', 'Checks'],
  runs.map((r) => [
    markup`<a href="${recordHref(r.id)}">${r.id}</a>`,
    r.experiment.kind,
    r.experiment.scale,
    String(r.experiment.seed),
    `${r.experiment.fold}/${r.experiment.folds}`,
    r.data.name,
    count(r.cost.steps),
    plain(r.cost.stepMilliseconds, 1),
    plain(r.cost.wallSeconds, 0),
    count(r.cost.peakMemoryBytes / 1e6),
    r.checks.every((c) => c.ok) ? `${r.checks.length} passed` : `${r.checks.filter((c) => !c.ok).length} failed`,
  ]),
)}</section>`;
}

/** The weights that runs started from, where their records say which; records of schema 1 need not. */
function weightsBlock(runs: readonly RunRecord[]): Markup | string {
  const named = runs.filter((run) => run.weights);
  if (!named.length) return '';
  const key = ({ weights }: RunRecord): string => JSON.stringify(weights);
  return markup`${block(
    'Weights that runs start from',
    ['Name', 'SHA-256', 'Runs'],
    unique(named, key).map((run) => [
      run.weights!.name,
      run.weights!.sha256,
      count(named.filter((r) => key(r) === key(run)).length),
    ]),
  )}
`;
}

/** Rows, queries, rows by class (graded rows have none) and checksum. */
function sizes({ rows, queries, labels: { E, S, C, I }, sha256 }: RunRecord['data']): string[] {
  const classes = [E, S, C, I].map((n) => (E + S + C + I ? count(n) : '–'));
  return [count(rows), count(queries), ...classes, sha256.slice(0, 16)];
}

function block(title: string, head: readonly string[], rows: readonly (readonly (string | Markup)[])[]): Markup {
  return markup`<details class="more"><summary>${title}</summary><div class="scroll" role="group" aria-label="${title}" tabindex="0"><table>
<caption>${title}</caption>
<thead><tr>${head.map((h) => markup`<th scope="col">${h}</th>`)}</tr></thead>
<tbody>
${rows.map((cells) => markup`<tr>${cells.map((c, i) => (i ? markup`<td>${c}</td>` : markup`<th scope="row">${c}</th>`))}</tr>\n`)}</tbody>
</table></div></details>
`;
}

function unique<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}
