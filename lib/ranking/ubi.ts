import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Locale } from '../data/types';
import { Duck, literal } from '../data/duck';
import { inspectFile, type FileFacts } from '../data/inspect';
import { readable } from '../data/scan';
import { verified } from '../data/stage';
import { ensure } from '../runtime/errors';
import { parseTimestamp } from './timestamp';
import { SIGNALS, type Impression, type Signal } from './types';

/** What became of the rows of a UBI export. */
export interface UbiReport {
  queries: number;
  events: number;
  impressions: number;
  /** Rows that gave nothing, by reason. */
  skipped: Record<string, number>;
}

export interface UbiOptions {
  /** Of all queries; UBI does not say; default us. */
  locale?: Locale;
  /** Actions that are a signal, besides UBI's own names; compared in lower case. */
  actions?: Partial<Record<Signal, readonly string[]>>;
  /** Products shown per query at most; default all that the response lists. */
  positions?: number;
}

/** UBI's own names (specification 1.3.0, event.action_name) and the spellings of its demo shops. */
export const UBI_ACTIONS: Readonly<Record<Signal, readonly string[]>> = {
  click: ['click', 'click_through', 'product_click', 'item_click'],
  cart: ['add_to_cart', 'addtocart', 'add_to_basket', 'cart'],
  purchase: ['purchase', 'buy', 'order', 'checkout_item'],
};

/**
 * Reads User Behavior Insights (UBI, o19s.github.io/ubi, specification 1.0–1.3, as OpenSearch and Elasticsearch store it) into the plain log: from a folder with `ubi_queries.*` and
 * `ubi_events.*` as JSON lines, a JSON array or parquet; documents of a search export (`_source`) are unwrapped.
 *
 * One list per row of ubi_queries: `query_response_hit_ids` are the products from position 1 on, `user_query` the query, `session_id` (or `client_id`) the
 * session, `timestamp` the time. Events join by `query_id` and `event_attributes.object.object_id`; several of one product count once; a cart implies a click, a
 * purchase a cart, since UBI does not record what it did not see. `position.ordinal` is not needed and not read: the list says where a product stood.
 * What cannot be joined is counted in the report. Throws an InputError for a missing file or column and where nothing can be used.
 */
export async function readUbi(folder: string, options: UbiOptions = {}): Promise<{ log: Impression[]; report: UbiReport }> {
  const { locale = 'us', positions = Infinity } = options;
  const duck = await Duck.open();
  try {
    const queries = await documents(duck, folder, 'ubi_queries', [
      'query_id',
      'user_query',
      'query_response_hit_ids',
      'timestamp',
    ]);
    const events = await documents(duck, folder, 'ubi_events', ['query_id', 'action_name', 'event_attributes']);
    const report: UbiReport = { queries: queries.length, events: events.length, impressions: 0, skipped: {} };
    const skip = (reason: string): void => void (report.skipped[reason] = (report.skipped[reason] ?? 0) + 1);
    const log: Impression[] = [];
    const lists = new Map<string, Map<string, Impression>>();
    const numbers = new Map<string, number>();
    for (const query of queries) {
      const [id, text] = [textOf(query.query_id), textOf(query.user_query)];
      const hits = Array.isArray(query.query_response_hit_ids) ? query.query_response_hit_ids.map(textOf).filter(Boolean) : [];
      const timestamp = parseTimestamp(textOf(query.timestamp));
      if (!id) skip('query without query_id');
      else if (!text) skip('query without user_query');
      else if (lists.has(id)) skip('query_id repeated (first kept)');
      else if (timestamp === undefined) skip('query without a readable timestamp');
      else if (!hits.length) skip('query without query_response_hit_ids');
      else {
        if (!numbers.has(text)) numbers.set(text, numbers.size);
        const session = textOf(query.session_id) || textOf(query.client_id) || id;
        const list = new Map<string, Impression>();
        for (const productId of hits.slice(0, positions)) {
          if (list.has(productId)) continue;
          const row: Impression = {
            queryId: numbers.get(text)!,
            query: text,
            locale,
            productId,
            position: list.size + 1,
            click: 0,
            cart: 0,
            purchase: 0,
            session,
            timestamp,
          };
          list.set(productId, row);
          log.push(row);
        }
        lists.set(id, list);
      }
    }
    const signals = new Map(
      SIGNALS.flatMap((signal) =>
        [...UBI_ACTIONS[signal], ...(options.actions?.[signal] ?? [])].map((name) => [name.toLowerCase(), signal]),
      ),
    );
    for (const event of events) {
      const signal = signals.get(textOf(event.action_name).toLowerCase());
      const list = lists.get(textOf(event.query_id));
      const object = member(member(event.event_attributes, 'object'), 'object_id');
      if (!signal) skip(`event ${textOf(event.action_name) || 'without action_name'}: not a click, cart or purchase`);
      else if (!list) skip('event of a query that is not there');
      else {
        const row = list.get(textOf(object));
        if (!row) skip('event of a product that its query did not show');
        else {
          row.click = 1;
          if (signal !== 'click') row.cart = 1;
          if (signal === 'purchase') row.purchase = 1;
        }
      }
    }
    report.impressions = log.length;
    const reasons = Object.entries(report.skipped).map(([reason, n]) => `${reason}: ${n}`);
    ensure(log.length > 0, `${folder}: none of its ${queries.length} UBI queries can be used (${reasons.join('; ')})`);
    return { log, report };
  } finally {
    duck.close();
  }
}

type Document = Record<string, unknown>;

/** The documents of `name.*` in a folder, each of the columns present in one of them at least. */
async function documents(duck: Duck, folder: string, name: string, columns: readonly string[]): Promise<Document[]> {
  ensure(existsSync(folder), `${folder}: no such folder`);
  const file = readdirSync(folder).sort().find((entry) => new RegExp(`^${name}\\.(jsonl|ndjson|json|parquet)(\\.gz|\\.zst)?$`).test(entry)); // prettier-ignore
  ensure(file, `${folder} has no ${name}.jsonl, .json or .parquet: a UBI export holds ubi_queries and ubi_events`);
  const path = join(folder, file);
  const facts = inspectFile(path);
  await verified(facts);
  const rows = await readable(path, () =>
    duck.rows<{ document: string }>(`SELECT to_json(d)::VARCHAR AS document FROM ${tableOf(facts)} AS d`),
  );
  const found = rows.map(({ document }) => unwrapped(JSON.parse(document) as Document));
  ensure(found.length > 0, `${path} has no rows`);
  for (const column of columns)
    ensure(found.some((row) => row[column] !== undefined && row[column] !== null), `${path} lacks ${column}, which UBI has; its columns are ${Object.keys(found[0]).slice(0, 12).join(', ')}`); // prettier-ignore
  return found;
}

function tableOf({ path, format, compression }: FileFacts): string {
  if (format === 'parquet') return `read_parquet(${literal(path)})`;
  ensure(format !== 'csv', `${path} must be JSON lines, a JSON array or parquet: a UBI event is nested`);
  const kind = format === 'json-array' ? 'array' : 'newline_delimited';
  const packed = compression === 'none' ? 'uncompressed' : compression;
  return `read_json_objects(${literal(path)}, format = '${kind}', compression = '${packed}')`;
}

/** A document as UBI writes it: what an export puts around it is taken off. */
function unwrapped(row: Document): Document {
  const inner = 'json' in row && Object.keys(row).length === 1 ? (row.json as Document) : row;
  return (member(inner, '_source') as Document | undefined) ?? inner;
}

/** A member of an object, also where the object is JSON text (parquet). */
function member(value: unknown, name: string): unknown {
  if (typeof value === 'string' && value.startsWith('{')) return member(JSON.parse(value), name);
  return value && typeof value === 'object' ? (value as Document)[name] : undefined;
}

/** Text of a string or number; empty for anything else. */
const textOf = (value: unknown): string =>
  typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : '';
