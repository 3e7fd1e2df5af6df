import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { clickModel, describeLog, readLog, readUbi, simulateImpressions, streamLog, writeLog } from '../../ranking';
import type { Impression } from '../../ranking';
import { parseTimestamp } from '../../ranking/timestamp';
import { query } from '../../data';
import { Key } from '../../runtime/key';
import { esci } from '../program';
import { tinyLists } from './lists-fixture';

const folder = mkdtempSync(join(tmpdir(), 'log-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const key = Key.from('log-io-test');
const data = tinyLists(5, 7);
const log = [...simulateImpressions(data, clickModel(data, { purchaseRate: 0.02 }, key), { impressions: 700 }, key)];
const file = (name: string, lines: readonly string[]): string => {
  const path = join(folder, name);
  writeFileSync(path, lines.join('\n') + '\n');
  return path;
};

test('a log is read as it was written, in every format (oracle: equality)', async () => {
  const odd: Impression[] = [
    { ...log[0], query: 'a "quoted", comma\nline ケトル', productId: 'x,1', session: '' },
    ...log.slice(1),
  ];
  for (const name of ['log.jsonl', 'log.csv', 'log.parquet', 'log.jsonl.gz', 'log.csv.zst']) {
    const path = join(folder, name);
    assert.equal(await writeLog(path, odd), odd.length);
    assert.deepEqual(await readLog(path), odd, name);
  }
  assert.ok(!readdirSync(folder).some((name) => name.endsWith('.tmp')));
  await assert.rejects(writeLog(join(folder, 'log.txt'), log), /a log must end in \.jsonl, \.csv .* got ".*log\.txt"/);
  await assert.rejects(writeLog(join(folder, 'none.csv'), []), /there are no impressions to write/);
  assert.ok(!existsSync(join(folder, 'none.csv')), 'nothing half-written');
});

test('a log goes where a link leads; a place that cannot be written to is found before any row is drawn (oracle: the files)', async () => {
  symlinkSync('led-to.csv', join(folder, 'link.csv'));
  await writeLog(join(folder, 'link.csv'), log);
  assert.ok(lstatSync(join(folder, 'link.csv')).isSymbolicLink());
  assert.deepEqual(await readLog(join(folder, 'led-to.csv')), log);
  const never = function* (): Generator<never> {
    yield assert.fail('a row was drawn');
  };
  const within = join(folder, 'led-to.csv', 'x.csv');
  await assert.rejects(writeLog(within, never()), { name: 'InputError', message: /led-to\.csv is a file; expected a folder$/ });
});

test('what is not given has documented defaults; mistakes name file, row and value (oracle: the messages)', async () => {
  const short = file('short.csv', ['query,product_id,position,click', 'red lamp,p1,1,true', 'red lamp,p2,2,0', 'sofa,p1,1,0']);
  assert.deepEqual(await readLog(short), [
    {
      queryId: 0,
      query: 'red lamp',
      locale: 'us',
      productId: 'p1',
      position: 1,
      click: 1,
      cart: 0,
      purchase: 0,
      session: '',
      timestamp: 0,
    },
    {
      queryId: 0,
      query: 'red lamp',
      locale: 'us',
      productId: 'p2',
      position: 2,
      click: 0,
      cart: 0,
      purchase: 0,
      session: '',
      timestamp: 0,
    },
    {
      queryId: 1,
      query: 'sofa',
      locale: 'us',
      productId: 'p1',
      position: 1,
      click: 0,
      cart: 0,
      purchase: 0,
      session: '',
      timestamp: 0,
    },
  ]);
  const header = 'query,product_id,position,click,cart,purchase,timestamp';
  const wrong: [string, RegExp][] = [
    ['q,p,0,0,0,0,', /wrong\.csv, row 2: position must be a whole number ≥ 1, got "0"/],
    ['q,p,1.5,0,0,0,', /row 2: position must be a whole number ≥ 1, got "1.5"/],
    ['q,p,1,0,1,0,', /row 2: cart is 1 but click is 0/],
    ['q,p,1,1,0,1,', /row 2: purchase is 1 but cart is 0/],
    ['q,p,1,2,0,0,', /row 2: click must be 0 or 1, got "2"/],
    ['q,p,1,,0,0,', /row 2: click must be 0 or 1, got ""/],
    [',p,1,0,0,0,', /row 2: query must not be empty/],
    ['q,,1,0,0,0,', /row 2: product_id must not be empty/],
    ['q,p,1,0,0,0,noon', /row 2: timestamp must be milliseconds since 1970 or ISO 8601, got "noon"/],
  ];
  for (const [line, message] of wrong) await assert.rejects(readLog(file('wrong.csv', [header, 'q,p,1,1,1,1,0', line])), message);
  await assert.rejects(
    readLog(file('lacks.csv', ['query,product_id,click', 'q,p,1'])),
    /lacks\.csv lacks position, which engagement logs need; its columns are query, product_id, click/,
  );
  await assert.rejects(readLog(join(folder, 'nowhere.csv')), /nowhere\.csv: no such file/);
});

test('a line that is cut is named by its place in the file, blank lines counted (oracle: the line that was cut)', async () => {
  const lines = log.slice(0, 31).map((row) => JSON.stringify({ query: row.query, product_id: row.productId, position: row.position, click: row.click })); // prettier-ignore
  const cut = [...lines.slice(0, 4), '', ...lines.slice(4, 15), lines[15].slice(0, 19), ...lines.slice(16)];
  const path = file('cut.jsonl', cut);
  const message = `${path}, line 17: not whole JSON (${JSON.stringify(cut[16])})`;
  await assert.rejects(readLog(path), { name: 'InputError', message });
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
  await assert.rejects(readLog(`${path}.gz`), { message: message.replace('cut.jsonl', 'cut.jsonl.gz') });
  const empty = file('empty-object.jsonl', [lines[0], '{}']);
  await assert.rejects(readLog(empty), { message: `${empty}, row 2: query must not be empty` });
});

test('times: milliseconds, seconds, ISO 8601 with and without an offset (oracle: the calendar)', () => {
  const expected = Date.UTC(2025, 0, 23, 13, 18, 22, 274);
  for (const text of [
    '2025-01-23T13:18:22.274Z',
    '2025-01-23T13:18:22.274+0000',
    '2025-01-23 15:18:22.274+02:00',
    String(expected),
  ])
    assert.equal(parseTimestamp(text), expected, text);
  assert.equal(parseTimestamp('1737638302'), 1737638302000);
  assert.equal(parseTimestamp('2025-01-23 13:18:22.5-08'), Date.UTC(2025, 0, 23, 21, 18, 22, 500));
  assert.equal(parseTimestamp('2025-01-23'), Date.UTC(2025, 0, 23));
  assert.equal(parseTimestamp('23/01/2025'), undefined);
});

test('a description counts (oracle: counting by hand and plainly)', async () => {
  const path = join(folder, 'counted.parquet');
  await writeLog(path, log);
  const d = await describeLog(streamLog(path));
  const count = (f: (row: Impression) => unknown): number => new Set(log.map(f)).size;
  assert.equal(d.impressions, log.length);
  assert.equal(
    d.sessions,
    count(({ session }) => session),
  );
  assert.equal(d.lists, log.filter(({ position }) => position === 1).length);
  assert.deepEqual([d.queries, d.products, d.pairs], [5, 35, 35]);
  assert.equal(d.signals.cart, log.filter(({ cart }) => cart).length);
  assert.equal(d.pairsWith.purchase, new Set(log.filter((row) => row.purchase).map((row) => row.productId)).size);
  assert.equal(d.shown.length, 7);
  assert.equal(d.clicks[2], log.filter(({ position, click }) => position === 3 && click).length);
});

const QUERIES = [
  {
    application: 'shop',
    query_id: 'd194b734',
    client_id: 'c1',
    user_query: 'laptop',
    query_response_id: 'r1',
    query_response_hit_ids: ['B1', 'B2', 'B3', 'B2'],
    query_attributes: {},
    timestamp: '2025-01-23T13:18:22.274+0000',
  },
  {
    query_id: 'e2',
    client_id: 'c2',
    user_query: 'usb hub',
    query_response_hit_ids: ['B9', 'B1'],
    timestamp: '2025-01-23T14:00:00Z',
  },
  { query_id: 'e3', client_id: 'c2', user_query: 'laptop', query_response_hit_ids: [], timestamp: '2025-01-23T14:00:10Z' },
];
const event = (query_id: string, action_name: string, object_id: string | number, ordinal = 1) => ({
  application: 'shop',
  action_name,
  query_id,
  client_id: 'c1',
  timestamp: '2025-01-23T13:19:00Z',
  event_attributes: { object: { object_id, object_id_field: 'asin' }, position: { ordinal } },
});
const EVENTS = [
  event('d194b734', 'click', 'B2', 2),
  event('d194b734', 'click', 'B2', 2),
  event('d194b734', 'add_to_cart', 'B2', 2),
  event('d194b734', 'purchase', 'B3', 3),
  event('e2', 'click', 'B7'),
  event('nothing', 'click', 'B1'),
  event('e2', 'scroll', 'B1'),
];

test('User Behavior Insights: queries and events become impressions (oracle: the rows by hand)', async () => {
  const ubi = mkdtempSync(join(folder, 'ubi-'));
  writeFileSync(join(ubi, 'ubi_queries.jsonl'), QUERIES.map((q) => JSON.stringify(q)).join('\n'));
  writeFileSync(join(ubi, 'ubi_events.json'), JSON.stringify(EVENTS.map((e) => ({ _index: 'ubi_events', _source: e }))));
  const { log: rows, report } = await readUbi(ubi);
  const short = rows.map((r) => [r.queryId, r.query, r.productId, r.position, r.click, r.cart, r.purchase, r.session]);
  assert.deepEqual(short, [
    [0, 'laptop', 'B1', 1, 0, 0, 0, 'c1'],
    [0, 'laptop', 'B2', 2, 1, 1, 0, 'c1'],
    [0, 'laptop', 'B3', 3, 1, 1, 1, 'c1'],
    [1, 'usb hub', 'B9', 1, 0, 0, 0, 'c2'],
    [1, 'usb hub', 'B1', 2, 0, 0, 0, 'c2'],
  ]);
  assert.equal(rows[0].timestamp, Date.UTC(2025, 0, 23, 13, 18, 22, 274));
  assert.deepEqual(report, {
    queries: 3,
    events: 7,
    impressions: 5,
    skipped: {
      'query without query_response_hit_ids': 1,
      'event of a product that its query did not show': 1,
      'event of a query that is not there': 1,
      'event scroll: not a click, cart or purchase': 1,
    },
  });
  assert.equal((await readUbi(ubi, { positions: 1, actions: { click: ['Scroll'] } })).log.length, 2);
  writeFileSync(join(ubi, 'ubi_queries.jsonl'), JSON.stringify({ query_id: 'a', user_query: 'b', timestamp: 0 }));
  await assert.rejects(
    readUbi(ubi),
    /ubi_queries\.jsonl lacks query_response_hit_ids, which UBI has; its columns are query_id, user_query, timestamp/,
  );
  rmSync(join(ubi, 'ubi_events.json'));
  writeFileSync(join(ubi, 'ubi_queries.jsonl'), QUERIES.map((q) => JSON.stringify(q)).join('\n'));
  await assert.rejects(readUbi(ubi), /has no ubi_events\.jsonl, \.json or \.parquet/);
});

test('the verb: simulate, describe, from-ubi, and a mistake is one line with code 2 (oracle: what it prints and writes)', () => {
  const run = (...words: string[]): string => {
    const { status, stdout, stderr } = esci(['log', ...words]);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  const out = join(folder, 'cli.jsonl');
  const said = run(
    'simulate',
    '--data',
    'smoke',
    '--queries',
    '31',
    '--impressions',
    '500',
    '--seed',
    '3',
    '--purchase-rate',
    '0.02',
    '--set',
    'severity=1',
    '--out',
    out,
  );
  assert.match(said, /^5\d\d impressions on generated-smoke in .*cli\.jsonl \(simulated, seed 3\)\nclicks \d/);
  assert.match(said, /examined at position 1 … \d+: 1\.000 0\.510 /);
  const rows = readFileSync(out, 'utf8').trim().split('\n');
  assert.deepEqual(Object.keys(JSON.parse(rows[0]) as object), [
    'query_id',
    'query',
    'locale',
    'product_id',
    'position',
    'click',
    'cart',
    'purchase',
    'session',
    'timestamp',
  ]);
  assert.match(run('describe', out), new RegExp(`impressions +${rows.length}\n`));
  const bad = esci(['log', 'simulate', '--data', 'smoke', '--set', 'slope=1', '--out', out]);
  assert.equal(bad.status, 2);
  assert.match(bad.stderr, /^[^\n]*--set slope is not known; expected one of positions, top, severity[^\n]*\n$/);
});

test('times of a parquet file are times, with a zone and without (by hand)', async () => {
  const first = Date.UTC(2025, 0, 23, 13, 18, 22, 250);
  for (const [name, type] of [
    ['naive', "TIMESTAMP '2025-01-23 13:18:22.25'"],
    ['nanoseconds', "CAST(TIMESTAMP '2025-01-23 13:18:22.25' AS TIMESTAMP_NS)"],
    ['zone', "TIMESTAMPTZ '2025-01-23 13:18:22.25+00'"],
  ]) {
    const path = join(folder, `${name}.parquet`);
    await query(`COPY (SELECT 'q' AS query, 'p' AS product_id, 1 AS position, 1 AS click, ${type} AS timestamp) TO '${path}'`);
    assert.equal((await readLog(path))[0].timestamp, first, name);
  }
});
