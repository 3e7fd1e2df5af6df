import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { projectCache } from '../runtime/files';
import type { TokenisedRows } from './tokenised-rows';

const COLUMNS = {
  ids: Int32Array,
  typeIds: Uint8Array,
  lengths: Uint32Array,
  labels: Int8Array,
  weights: Float32Array,
  locales: Int8Array,
  queryIds: Int32Array,
  exampleIds: Int32Array,
} as const;
type Column = keyof typeof COLUMNS;
type Values = Int32Array | Uint8Array | Uint32Array | Int8Array | Float32Array;

interface Manifest {
  rows: number;
  tokens: number;
  typed: boolean;
}

/** Bytes that one read or write moves. */
const STEP = 1 << 28;

const columnsOf = (typed: boolean): Column[] => (Object.keys(COLUMNS) as Column[]).filter((c) => typed || c !== 'typeIds');
const folderOf = (key: string, folder = projectCache('tokens')): string => join(folder, key);

/**
 * Writes tokens block by block into a folder of raw little-endian columns. Readers see it only once it is whole: it is made under a temporary name,
 * its manifest is written last, and the folder is renamed.
 */
export class TokenWriter {
  private readonly temporary: string;
  private readonly files = new Map<Column, number>();
  private rows = 0;
  private tokens = 0;
  private typed = false;

  constructor(
    private readonly key: string,
    private readonly folder?: string,
  ) {
    this.temporary = `${folderOf(key, folder)}.${process.pid}.tmp`;
    rmSync(this.temporary, { recursive: true, force: true });
    mkdirSync(this.temporary, { recursive: true });
    for (const column of columnsOf(true)) this.files.set(column, openSync(join(this.temporary, column), 'w'));
  }

  append(part: TokenisedRows): void {
    const lengths = new Uint32Array(part.size);
    for (let i = 0; i < part.size; i++) lengths[i] = part.offsets[i + 1] - part.offsets[i];
    this.typed ||= part.typeIds !== undefined;
    const values: Record<Column, Values | undefined> = { ...part, typeIds: part.typeIds, lengths };
    for (const [column, file] of this.files) {
      const data = values[column];
      if (!data) continue;
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, Math.min(STEP, bytes.length - at));
    }
    this.rows += part.size;
    this.tokens += part.ids.length;
  }

  /** Makes the cache visible. Where another process was quicker, its equal result stays. */
  finish(): void {
    this.close();
    const manifest: Manifest = { rows: this.rows, tokens: this.tokens, typed: this.typed };
    writeFileSync(join(this.temporary, 'manifest.json'), JSON.stringify(manifest));
    const final = folderOf(this.key, this.folder);
    if (existsSync(final) && !openTokens(this.key, this.folder)) rmSync(final, { recursive: true, force: true });
    try {
      renameSync(this.temporary, final);
    } catch (error) {
      this.abandon();
      if (!existsSync(join(final, 'manifest.json'))) throw error;
    }
  }

  abandon(): void {
    this.close();
    rmSync(this.temporary, { recursive: true, force: true });
  }

  private close(): void {
    for (const file of this.files.values()) closeSync(file);
    this.files.clear();
  }
}

/** The tokens kept under a key; undefined where there are none or a column is not as long as the manifest says. */
export function openTokens(key: string, folder?: string): TokenisedRows | undefined {
  const at = folderOf(key, folder);
  let manifest: Manifest;
  try {
    manifest = JSON.parse(readFileSync(join(at, 'manifest.json'), 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
  const { rows, tokens, typed } = manifest;
  const count = (column: Column) => (column === 'ids' || column === 'typeIds' ? tokens : rows);
  const bytes = (column: Column) => count(column) * COLUMNS[column].BYTES_PER_ELEMENT;
  const whole = columnsOf(typed).every((c) => existsSync(join(at, c)) && statSync(join(at, c)).size === bytes(c));
  if (!whole) return undefined;
  const read = <C extends Column>(column: C): InstanceType<(typeof COLUMNS)[C]> => {
    const buffer = new ArrayBuffer(bytes(column));
    const file = openSync(join(at, column), 'r');
    try {
      for (let p = 0; p < buffer.byteLength;) {
        const size = Math.min(STEP, buffer.byteLength - p);
        const n = readSync(file, new Uint8Array(buffer, p, size), 0, size, p);
        if (n === 0) throw new Error(`token cache ${at}: ${column} ends early`);
        p += n;
      }
    } finally {
      closeSync(file);
    }
    return new COLUMNS[column](buffer) as InstanceType<(typeof COLUMNS)[C]>;
  };
  const lengths = read('lengths');
  const offsets = new Uint32Array(rows + 1);
  for (let i = 0; i < rows; i++) offsets[i + 1] = offsets[i] + lengths[i];
  return {
    size: rows,
    ids: read('ids'),
    offsets,
    ...(typed ? { typeIds: read('typeIds') } : {}),
    labels: read('labels'),
    weights: read('weights'),
    locales: read('locales'),
    queryIds: read('queryIds'),
    exampleIds: read('exampleIds'),
  };
}
