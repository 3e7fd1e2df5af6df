import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../runtime/files';

const lib = join(projectRoot(), 'lib');

/** The levels of ARCHITECTURE.md's table: lines such as "| `ops` | 1 | …". */
const levels = new Map(
  [...readFileSync(join(projectRoot(), 'ARCHITECTURE.md'), 'utf8').matchAll(/^\| `(\w+)` \| (\d+) \|/gm)].map(
    ([, folder, level]) => [folder, Number(level)],
  ),
);

interface Source {
  path: string;
  folder: string;
  code: string;
}

const sources: Source[] = (readdirSync(lib, { recursive: true }) as string[])
  .filter((f) => f.endsWith('.ts') && !/^(dist|node_modules|test)(\/|\\)/.test(f))
  .map((f) => ({
    path: f,
    folder: f.split(sep).length > 1 ? f.split(sep)[0] : '',
    code: withoutComments(readFileSync(join(lib, f), 'utf8')),
  }));

function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`\\])\/\/.*$/gm, '$1');
}

/** Folders of the library that a file imports, by `import`, `export … from`, `import()` and `require()`. */
function importedFolders({ path, code }: Source): string[] {
  const specifiers = [...code.matchAll(/\b(?:from|import|require)\s*\(?\s*['"](\.[^'"]+)['"]/g)].map(([, s]) => s);
  return specifiers.map((s) => {
    const parts = relative(lib, resolve(dirname(join(lib, path)), s)).split(sep);
    return parts.length > 1 || levels.has(parts[0]) ? parts[0] : '';
  });
}

test('every folder of the library is a room of ARCHITECTURE.md, with a level (oracle: the table)', () => {
  assert.ok(levels.size >= 10, `the table was read: ${levels.size} rooms`);
  assert.equal(levels.get('runtime'), 0);
  const unknown = new Set(sources.map((s) => s.folder).filter((folder) => folder && !levels.has(folder)));
  assert.deepEqual([...unknown], []);
});

test('a folder imports from its own level or below (oracle: the levels)', () => {
  const wrong = sources.flatMap((source) =>
    source.folder === ''
      ? []
      : importedFolders(source)
          .filter((to) => to === '' || to === 'test' || (levels.get(to) ?? 0) > (levels.get(source.folder) ?? 0))
          .map(
            (to) =>
              `lib/${source.path} (level ${levels.get(source.folder)}) imports ${to || 'the index'}${levels.has(to) ? ` (level ${levels.get(to)})` : ''}`,
          ),
  );
  assert.deepEqual(wrong, []);
});

test('the import reader sees every form of import (oracle: a file written for it)', () => {
  const code = `import a from '../train/loop';\nexport * from "../cli/x";\nconst b = await import('../report/y');\nrequire('../data'); import './own';`;
  assert.deepEqual(importedFolders({ path: 'ops/f.ts', folder: 'ops', code }), ['train', 'cli', 'report', 'data', 'ops']);
});

test('no random numbers of the host and no clock outside runtime/ (oracle: the sources)', () => {
  const wrong = sources
    .filter((s) => s.folder !== 'runtime')
    .flatMap((s) =>
      [...s.code.matchAll(/\bMath\.random\(|\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bhrtime\b/g)].map(
        ([found]) => `lib/${s.path}: ${found}`,
      ),
    );
  assert.deepEqual(wrong, []);
});

test('a source file is at most 300 lines (oracle: counting)', () => {
  const long = sources
    .map(({ path }) => [path, readFileSync(join(lib, path), 'utf8').split('\n').length - 1] as const)
    .filter(([, n]) => n > 300);
  assert.deepEqual(long, []);
});
