import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ensure, shown } from '../runtime/errors';
import { UPSTREAM_FILES } from './columns';

/** Upstream's pair of files (any of the readable formats), with its optional companions. */
export interface PairInput {
  examples: string;
  products: string;
  sources?: string;
  trueLabels?: string;
}

/** A data set on disk: a file with everything joined, a folder, or a pair of files. */
export type SourceInput = string | PairInput;

/** Which files make up a source, and what to call it. */
export interface SourceFiles {
  name: string;
  /** The joined file, or the examples. */
  examples: string;
  products?: string;
  sources?: string;
  trueLabels?: string;
}

const READABLE = /\.(parquet|csv|tsv|jsonl|ndjson|json)(\.(gz|zst|zstd))?$/i;

/** Finds the files of a source. A folder holds upstream's pair (recognised by `examples` and `products` in the names) or one joined file. */
export function resolveFiles(input: SourceInput): SourceFiles {
  if (typeof input !== 'string') {
    for (const [role, path] of Object.entries<string | undefined>({ ...input }))
      ensure(!path || existsSync(path), `${role} file ${path}: no such file`);
    return { name: nameOf(dirname(input.examples)), ...input };
  }
  ensure(input && existsSync(input), `data ${shown(input)}: no such file or folder`);
  if (!statSync(input).isDirectory()) return { name: nameOf(input), examples: input };
  const name = nameOf(input);
  const files = readdirSync(input).filter((file) => READABLE.test(file) && statSync(join(input, file)).isFile());
  const one = (pattern: RegExp, exact: string): string | undefined => {
    const found = files.includes(exact) ? [exact] : files.filter((file) => pattern.test(file));
    ensure(found.length < 2, `folder ${input} has several files that fit (${found.join(', ')}); give one path`);
    return found[0] && join(input, found[0]);
  };
  const examples = one(/examples[^/]*$/i, UPSTREAM_FILES.examples);
  const products = one(/products[^/]*$/i, UPSTREAM_FILES.products);
  if (examples && products) {
    const sources = one(/dataset_sources[^/]*$/i, UPSTREAM_FILES.sources);
    const trueLabels = one(/true_labels[^/]*$/i, UPSTREAM_FILES.trueLabels);
    return { name, examples, products, ...(sources && { sources }), ...(trueLabels && { trueLabels }) };
  }
  ensure(files.length, `folder ${input} holds no data file (parquet, CSV or JSON lines, also .gz or .zst)`);
  ensure(!examples, `folder ${input} has examples (${examples && basename(examples)}) but no products file beside them`);
  ensure(
    files.length === 1,
    `folder ${input} holds ${files.length} data files (${files.slice(0, 4).join(', ')}); give the path of one`,
  );
  return { name, examples: join(input, files[0]) };
}

const nameOf = (path: string): string => basename(path).replace(READABLE, '') || 'data';
