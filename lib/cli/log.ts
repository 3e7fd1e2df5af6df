import type { Command } from 'commander';
import type { LogDescription } from '../ranking/describe-log';
import { SIGNALS, SPLITS } from '../ranking/types';
import { ensure, InputError, oneOf, shown } from '../runtime/errors';
import { numberOf, wholeOf } from './numbers';
import { checkOutputFile } from './outputs';

interface SimulateOptions {
  data: string;
  out: string;
  impressions: string;
  seed: string;
  purchaseRate?: string;
  splits: string;
  fillTo: string;
  queries?: string;
  set: string[];
}

/** `log`: engagement logs — simulate one on judged lists, say what is in one, bring in one of User Behavior Insights. */
export function registerLog(program: Command): void {
  const log = program
    .command('log')
    .description('Simulate, describe and import engagement logs (impressions, clicks, carts, purchases)');

  log
    .command('simulate')
    .description('Draw an engagement log on judged lists by a click model whose truth is known, and write it')
    .option('--data <name>', 'a generated world (demo, small, smoke), or a folder or file of judgements', 'demo')
    .requiredOption('--out <file>', 'where the log goes: .jsonl, .csv (also .gz, .zst) or .parquet')
    .option('--impressions <n>', 'rows to draw', '50000')
    .option('--seed <n>', 'the key of the world, the click model and the log', '0')
    .option('--purchase-rate <p>', 'expected purchases per impression, lists in random order (default 0.01)')
    .option('--splits <list>', 'only queries of these: train,dev,test', 'train,dev,test')
    .option('--fill-to <n>', 'fill shorter lists with products of other queries (grade 0), as real ESCI samples need', '0')
    .option('--queries <n>', 'queries of a generated world')
    .option(
      '--set <name=value>',
      'another option of the click model or the simulator (severity, randomShare, …); may be repeated',
      (value, all: string[]) => [...all, value],
      [],
    ) // prettier-ignore
    .action(simulate);

  log
    .command('describe')
    .description('Print what is in a log: impressions, sessions, signals, examination by position as far as clicks tell it')
    .argument('<file>', 'a log in the plain schema: query, product_id, position, click, cart, purchase, session, timestamp')
    .option('--json', 'as JSON')
    .action(async (file: string, { json }: { json?: boolean }) => {
      const [{ describeLog }, { streamLog }] = await Promise.all([
        import('../ranking/describe-log'),
        import('../ranking/log-io'),
      ]);
      const description = await describeLog(streamLog(file));
      print(json ? JSON.stringify(description, null, 2) : descriptionText(description));
    });

  log
    .command('from-ubi')
    .description('Bring in a User Behavior Insights export: a folder with ubi_queries.* and ubi_events.*')
    .argument('<folder>', 'holds ubi_queries and ubi_events as JSON lines, a JSON array or parquet')
    .requiredOption('--out <file>', 'where the log goes: .jsonl, .csv (also .gz, .zst) or .parquet')
    .option('--locale <name>', 'of all queries', 'us')
    .option('--positions <n>', 'products shown per query at most; default all that a response lists')
    .action(async (folder: string, options: { out: string; locale: string; positions?: string }) => {
      const { LOCALES } = await import('../data');
      const locale = oneOf('--locale', options.locale, LOCALES);
      const positions = options.positions === undefined ? undefined : wholeOf('--positions', options.positions, 1, Infinity);
      checkOutputFile('--out', options.out, { folder });
      const [{ readUbi }, { writeLog }] = await Promise.all([import('../ranking/ubi'), import('../ranking/log-io')]);
      const { log, report } = await readUbi(folder, { locale, ...(positions && { positions }) });
      await writeLog(options.out, log);
      print(
        `${count(log.length)} impressions of ${count(report.queries)} queries and ${count(report.events)} events in ${options.out}`,
      );
      for (const [reason, n] of Object.entries(report.skipped)) print(`  ${count(n)} not used: ${reason}`);
    });
}

async function simulate(options: SimulateOptions): Promise<void> {
  const impressions = wholeOf('--impressions', options.impressions, 1, Infinity);
  const seed = wholeOf('--seed', options.seed, 0, Infinity);
  const fillTo = wholeOf('--fill-to', options.fillTo, 0, Infinity);
  // Not the whole of ranking/: its rankers load TensorFlow, which takes seconds.
  const [{ CLICK_MODEL, clickModel }, { SIMULATION, simulateImpressions }, { writeLog }] = await Promise.all([
    import('../ranking/click-model'),
    import('../ranking/simulate'),
    import('../ranking/log-io'),
  ]);
  const splits = options.splits.split(',').map((name) => oneOf('--splits', name.trim(), SPLITS));
  const { click, simulation } = settings(options.set, Object.keys(CLICK_MODEL), Object.keys(SIMULATION).filter((name) => name !== 'splits')); // prettier-ignore
  if (options.purchaseRate !== undefined) click.purchaseRate = numberOf('--purchase-rate', options.purchaseRate, 0, 1);
  checkOutputFile('--out', options.out, { '--data': await placeOfLists(options.data) });
  const { Key } = await import('../runtime/key');
  const data = await listsOf(options, seed, fillTo);
  const key = Key.from('engagement').fold(seed);
  const truth = clickModel(data, click, key.fold('click model'));
  const counts = { rows: 0, click: 0, cart: 0, purchase: 0 };
  const drawn = function* () {
    for (const row of simulateImpressions(data, truth, { ...simulation, impressions, splits }, key.fold('log'))) {
      counts.rows++;
      for (const signal of SIGNALS) counts[signal] += row[signal];
      yield row;
    }
  };
  await writeLog(options.out, drawn());
  const share = (n: number): string => `${count(n)} (${((100 * n) / counts.rows).toFixed(2)} %)`;
  print(`${count(counts.rows)} impressions on ${data.name} in ${options.out} (simulated, seed ${seed})`);
  print(`clicks ${share(counts.click)}, carts ${share(counts.cart)}, purchases ${share(counts.purchase)}`);
  print(`examined at position 1 … ${truth.examination.length}: ${Array.from(truth.examination, (e) => e.toFixed(3)).join(' ')}`);
}

async function listsOf({ data, queries }: SimulateOptions, seed: number, fillTo: number) {
  const { generate, WORLDS } = await import('../data/generate');
  const { listsOfDataset, readLists } = await import('../ranking/lists');
  const { Key } = await import('../runtime/key');
  const world = WORLDS.find((name) => name === data);
  if (world) {
    const more = queries === undefined ? {} : { queries: wholeOf('--queries', queries, 1, Infinity) };
    const made = generate({ world, ...more }, Key.from('data').fold(seed));
    return listsOfDataset({ ...made, name: `generated-${world}` }, { fillTo });
  }
  ensure(queries === undefined, `--queries is for generated worlds (${WORLDS.join(', ')}), not for ${shown(data)}`);
  return readLists((await placeOfLists(data))!, { fillTo });
}

/** Where the judgements that `--data` names lie; undefined for a generated world. */
async function placeOfLists(data: string): Promise<string | undefined> {
  const { WORLDS } = await import('../data/generate');
  if ((WORLDS as readonly string[]).includes(data)) return undefined;
  const { LOOKED_FOR, placeOf } = await import('../experiments/dataset');
  const place = placeOf(data);
  ensure(place, `--data ${data}: no such file or folder; expected a world (${WORLDS.join(', ')}), ${LOOKED_FOR}`);
  return place;
}

function settings(given: readonly string[], clickNames: readonly string[], simulationNames: readonly string[]) {
  const [click, simulation]: Record<string, number>[] = [{}, {}];
  for (const text of given) {
    const at = text.indexOf('=');
    ensure(at > 0, `--set must be name=value, got ${shown(text)}`);
    const name = text.slice(0, at);
    const value = numberOf(`--set ${name}`, text.slice(at + 1), -Infinity, Infinity);
    if (clickNames.includes(name)) click[name] = value;
    else if (simulationNames.includes(name)) simulation[name] = value;
    else throw new InputError(`--set ${name} is not known; expected one of ${[...clickNames, ...simulationNames].join(', ')}`);
  }
  return { click, simulation };
}

function descriptionText(d: LogDescription): string {
  const share = (n: number, of: number): string => `${count(n)} (${((100 * n) / of).toFixed(2)} %)`;
  const day = (time: number): string => new Date(time).toISOString().slice(0, 16).replace('T', ' ');
  const rates = d.shown.map((n, k) => (n ? (d.clicks[k] / n).toFixed(3) : '–'));
  const lines: [string, string][] = [
    ['impressions', count(d.impressions)],
    ['lists', `${count(d.lists)} in ${count(d.sessions)} sessions`],
    ['time', `${day(d.from)} to ${day(d.to)} UTC`],
    ['queries', count(d.queries)],
    ['products', count(d.products)],
    ['pairs', `${count(d.pairs)} (query, product)`],
    ...(['click', 'cart', 'purchase'] as const).map((s): [string, string] => [`${s}s`, `${share(d.signals[s], d.impressions)} of impressions; ${share(d.pairsWith[s], d.pairs)} of pairs`]), // prettier-ignore
    ['click rate at 1 …', rates.join(' ')],
  ];
  return lines.map(([name, value]) => name.padEnd(18) + value).join('\n');
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const count = (value: number): string => value.toLocaleString('en-US');
