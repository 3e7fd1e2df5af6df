import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { hash, readJson, root, writeJson } from './paths.mjs';
import { run } from './run.mjs';

const lib = join(root, 'lib');
const dist = join(lib, 'dist');
const buildFile = join(dist, 'build.json');

function walk(folder, skip, found = []) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!skip.includes(entry.name)) walk(path, skip, found);
    } else found.push(path);
  }
  return found;
}

const sources = () =>
  [...walk(lib, ['dist', 'node_modules']).filter((f) => /\.(ts|json)$/.test(f)), join(root, 'tsconfig.json')].sort();

/** What changes when a source is edited: names, sizes and times of change. Fast, and only compared, never shown. */
const quick = (files) =>
  hash(
    ...files.map((f) => {
      const s = statSync(f);
      return `${relative(root, f)} ${s.size} ${s.mtimeMs}`;
    }),
  );

/** The hash of the sources' contents: the library build's name, the same in every clone of the same commit. */
function contents(files) {
  const digest = createHash('sha256');
  for (const file of files)
    digest.update(relative(root, file).split(sep).join('/')).update('\0').update(readFileSync(file)).update('\0');
  return digest.digest('hex').slice(0, 16);
}

export function libraryInStep() {
  const build = readJson(buildFile);
  return build !== undefined && existsSync(join(dist, 'cli/main.js')) && build.quick === quick(sources());
}

/** Compiles `lib` and writes `dist/build.json` (its `hash` names the build); what was compiled from sources that are gone is deleted. */
export async function buildLibrary() {
  const files = sources();
  const stamp = { hash: contents(files), quick: quick(files) };
  const old = readJson(buildFile);
  if (existsSync(dist) && old?.hash !== stamp.hash) rmSync(buildFile, { force: true });
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', lib], {
    cwd: root,
    what: 'compiling lib',
    tail: false,
  });
  const made = new Set(
    files.flatMap((f) => {
      const name = join(dist, relative(lib, f));
      return f.endsWith('.json') ? [name] : ['.js', '.d.ts'].map((e) => name.replace(/\.ts$/, e));
    }),
  );
  for (const file of walk(dist, [])) if (/\.(js|d\.ts)$/.test(file) && !made.has(file)) rmSync(file);
  const { version } = readJson(join(lib, 'package.json'));
  writeJson(buildFile, { version, ...stamp });
}
