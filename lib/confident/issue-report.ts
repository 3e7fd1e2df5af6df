import { identifier } from '../data/duck';
import { ensure, InputError } from '../runtime/errors';
import type { HealthSummary } from './health';
import { openTable, withDuck } from './table-numbers';

/** A flagged row as a person reads it. */
export interface IssueRow {
  row: number;
  label: string;
  score: number;
  /** Its text, by column of the data file. */
  text?: Record<string, string>;
}

const TEXT_COLUMNS = ['query', 'title', 'product_title', 'text', 'brand', 'product_brand', 'sentence', 'review'];

/**
 * The text of some rows of a data file (CSV, TSV, JSON lines, JSON records or parquet), by row number from 0. `columns` default to the query, title, brand
 * and text columns there are, else the first three of text. Throws an InputError where the file does not have `rowCount` rows or lacks a column.
 */
export async function readRowTexts(
  path: string,
  rows: readonly number[],
  rowCount: number,
  columns?: readonly string[],
): Promise<Map<number, Record<string, string>>> {
  return withDuck(path, async (connection) => {
    const table = await openTable(connection, path);
    const all = table.columns;
    const missing = columns?.find((name) => !all.some((c) => c.name === name));
    if (missing) throw new InputError(`${path}: no column ${missing}; it has ${all.map((c) => c.name).join(', ')}`);
    const known = all.filter((c) => TEXT_COLUMNS.includes(c.name.toLowerCase()));
    const chosen = columns ?? (known.length ? known : all.filter((c) => c.type === 'VARCHAR').slice(0, 3)).map((c) => c.name);
    ensure(chosen.length > 0, `${path}: no column of text; it has ${all.map((c) => c.name).join(', ')}`);
    const [[count]] = await (await connection.run(`SELECT count(*) FROM ${table.sql()}`)).getRows();
    ensure(Number(count) === rowCount, `${path}: expected ${rowCount} rows, one for each label, got ${String(count)}`);
    const found = new Map<number, Record<string, string>>();
    if (rows.length === 0) return found;
    const texts = table.sql(chosen.map((name) => ({ name, type: 'VARCHAR' })));
    const select = chosen.map((name) => `CAST(${identifier(name)} AS VARCHAR)`).join(', ');
    const result = await connection.run(
      `SELECT * FROM (SELECT row_number() OVER () - 1 AS number_of_row, ${select} FROM ${texts}) WHERE number_of_row IN (${rows.join(', ')})`,
    );
    for (const [row, ...cells] of await result.getRows())
      found.set(Number(row), Object.fromEntries(chosen.map((name, i) => [name, String(cells[i] ?? '')])));
    return found;
  });
}

const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
const escaped = (text: string): string => oneLine(text).replace(/[\\|<>&`*_[\]]/g, (c) => `&#${c.charCodeAt(0)};`);

function markdownTable(header: readonly string[], rows: readonly (readonly string[])[], numbersFrom = 1): string {
  const rule = header.map((_, i) => (i < numbersFrom ? '---' : '---:'));
  return [header, rule, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/**
 * The report in Markdown: what was done, the health of each class and of the most confused pairs, the rows to read.
 * `plain` leaves texts as they are, for a terminal.
 */
export function issueReport(what: string, health: HealthSummary, rows: readonly IssueRow[], plain = false): string {
  const cell = plain ? oneLine : escaped;
  const pairs = health.overlappingClasses.filter((pair) => pair.numOverlappingExamples > 0).slice(0, 20);
  const name = (given: string | undefined, index: number): string => cell(given ?? String(index));
  const texts = Object.keys(rows.find((row) => row.text)?.text ?? {});
  const parts = [
    '# Label issues',
    what,
    '## Health',
    `About ${percent(1 - health.overallLabelHealthScore)} of ${health.numExamples} labels (${health.numLabelIssues}) are probably wrong.`,
    markdownTable(
      ['class', 'label quality', 'probably wrong', 'probably missing', 'label noise', 'inverse noise'],
      health.classesByLabelQuality.map((c) => [
        name(c.className, c.classIndex),
        c.labelQualityScore.toFixed(4),
        String(c.labelIssues),
        String(c.inverseLabelIssues),
        percent(c.labelNoise),
        percent(c.inverseLabelNoise),
      ]),
    ),
    'Label quality: share of the rows with this label that belong to the class. Missing: rows of the class that carry another label.',
  ];
  if (pairs.length)
    parts.push(
      '## Confused classes',
      markdownTable(
        ['class', 'class', 'rows', 'share'],
        pairs.map((p) => [
          name(p.classNameA, p.classIndexA),
          name(p.classNameB, p.classIndexB),
          String(p.numOverlappingExamples),
          percent(p.jointProbability),
        ]),
        2,
      ),
    );
  if (rows.length)
    parts.push(
      `## The ${rows.length} worst rows`,
      markdownTable(
        ['row', 'label', 'score', ...texts.map(cell)],
        rows.map((r) => [String(r.row), cell(r.label), r.score.toFixed(4), ...texts.map((t) => cell(r.text?.[t] ?? ''))]),
        0,
      ),
    );
  return parts.join('\n\n') + '\n';
}
