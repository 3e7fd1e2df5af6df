import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { projectRoot } from '../../runtime/files';
import type { Product, Row } from '../../data';

/** The shared real data, or undefined where this machine has none. */
export function sharedData(...parts: string[]): string | undefined {
  const path = join(process.env.ESCI_SHARED ?? join(projectRoot(), '..', 'shared'), 'data', ...parts);
  return existsSync(path) ? path : undefined;
}

/** A temporary folder that goes when the process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'esci-test-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An upstream line with everything joined. */
export function line(exampleId: number, patch: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    example_id: exampleId,
    query: `red shoe ${exampleId % 3}`,
    query_id: exampleId % 3,
    product_id: `P${exampleId}`,
    product_locale: ['us', 'es', 'jp'][exampleId % 3],
    esci_label: 'ESCI'[exampleId % 4],
    small_version: exampleId % 2,
    large_version: 1,
    split: exampleId % 3 === 2 ? 'test' : 'train',
    product_title: `Title ${exampleId}`,
    product_description: exampleId % 2 ? `<p>Text ${exampleId}</p>` : null,
    product_bullet_point: 'one\ntwo',
    product_brand: 'Brando',
    product_color: null,
    ...patch,
  };
}

export const lines = (rows: readonly (Record<string, unknown> | string)[]): string =>
  rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n') + '\n';

/** CSV with upstream's header, every value quoted. */
export function csv(rows: readonly Record<string, unknown>[], end = '\n', delimiter = ','): string {
  const names = Object.keys(rows[0]);
  const cell = (value: unknown): string =>
    value === null || value === undefined
      ? ''
      : `"${(typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('"', '""')}"`;
  return [names.join(delimiter), ...rows.map((row) => names.map((name) => cell(row[name])).join(delimiter))].join(end) + end;
}

export function write(folder: string, name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, name.endsWith('.gz') && typeof content === 'string' ? gzipSync(content) : content);
  return path;
}

/** A row and its product, apart: seven rows of five products, all fields filled with text that is hard to carry. */
export function tinyDataset(): { rows: Row[]; products: Product[] } {
  const products: Product[] = Array.from({ length: 5 }, (_, i) => ({
    productId: `B00${i}`,
    locale: (['us', 'es', 'jp'] as const)[i % 3],
    title: ['Plain', 'Comma, "quote"', '日本語の靴 👟', "it's", 'a\tb'][i],
    description: i % 2 ? '' : `<b>bold</b>\nline ${i}`,
    bullets: i === 3 ? '' : `• one\n• two ${i}`,
    brand: i === 2 ? '' : `Marke ${i}`,
    color: i === 4 ? '' : 'azul',
  }));
  const rows: Row[] = Array.from({ length: 7 }, (_, i) => ({
    exampleId: 11 * i + 2,
    queryId: 100 + (i >> 1),
    query: `zapato ${i >> 1}`,
    label: (['E', 'S', 'C', 'I'] as const)[i % 4],
    smallVersion: i % 2 === 0,
    largeVersion: i !== 5,
    split: i > 4 ? 'test' : 'train',
    ...products[(i * 3) % 5],
  }));
  return { rows, products };
}
