import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cache, hash, readJson, root, writeJson } from './paths.mjs';
import { run } from './run.mjs';
import { tensorflowFolder } from './tensorflow.mjs';

const packageFolder = join(root, 'node_modules/@tensorflow/tfjs-node-gpu');
const headers = join(root, 'node_modules/node-api-headers');
/** Where tfjs-node looks for its addon. */
export const addonPath = join(packageFolder, 'lib/napi-v8/tfjs_binding.node');

const quietSource = fileURLToPath(new URL('./quiet.cc', import.meta.url));
const flags = ['-std=c++17', '-O2', '-fPIC', '-DNAPI_VERSION=8'];

/** What the addon is made from, compiler aside. */
function inputs(want) {
  return {
    package: readJson(join(packageFolder, 'package.json'))?.version,
    headers: readJson(join(headers, 'package.json'))?.version,
    tensorflow: tensorflowFolder(want),
    flags: flags.join(' '),
    quiet: hash(readFileSync(quietSource, 'utf8')),
  };
}

const matches = (folder, need) => {
  const made = readJson(join(folder, 'made-from.json'));
  return (
    made !== undefined &&
    Object.keys(need).every((key) => made[key] === need[key]) &&
    existsSync(join(folder, 'tfjs_binding.node'))
  );
};

/** An addon in the cache that was made from what is wanted now, by whichever compiler. */
export function cachedAddon(want) {
  const folder = join(cache, 'addon');
  const need = inputs(want);
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => !name.endsWith('.partial')) : [];
  return names.map((name) => join(folder, name)).find((path) => matches(path, need));
}

/** True where tfjs-node's addon is a link to one in the cache that was made from what is wanted now. */
export function addonInStep(want) {
  try {
    return matches(dirname(readlinkSync(addonPath)), inputs(want));
  } catch {
    return false;
  }
}

/** Compiles tfjs-node's addon from the npm package's own sources against the unpacked TensorFlow, once, into the shared cache; links it. */
export async function buildAddon(want, findCompiler, note) {
  const need = inputs(want);
  let folder = cachedAddon(want);
  if (!folder) {
    const compiler = findCompiler();
    folder = join(cache, 'addon', hash(JSON.stringify(need), compiler.version, want.machine));
    const staging = `${folder}.partial`;
    rmSync(staging, { recursive: true, force: true });
    mkdirSync(staging, { recursive: true });
    const library = join(tensorflowFolder(want), 'tensorflow');
    const include = [join(headers, 'include'), join(library, 'include'), join(packageFolder, 'binding'), packageFolder].map(
      (f) => `-I${f}`,
    );
    const mac = want.machine.startsWith('darwin');
    note('compiling');
    const hint = `compiler: ${compiler.command}, ${compiler.version}`;
    const objects = await Promise.all(
      ['tfjs_backend', 'tfjs_binding'].map(async (name) => {
        const object = join(staging, `${name}.o`);
        await run(compiler.command, [...flags, ...include, '-c', join(packageFolder, 'binding', `${name}.cc`), '-o', object], {
          what: `compiling ${name}.cc`,
          hint,
        });
        return object;
      }),
    );
    note('linking');
    const quiet = mac ? [] : [join(staging, 'libesci_quiet.so')];
    if (!mac)
      await run(
        compiler.command,
        ['-O2', '-fPIC', '-shared', '-Wl,-z,initfirst', '-Wl,-soname,libesci_quiet.so', quietSource, '-o', quiet[0], '-ldl'],
        { what: 'compiling quiet.cc', hint },
      );
    const file = join(staging, 'tfjs_binding.node');
    const libraries = want.libraries.map((name) => join(library, name));
    await run(
      compiler.command,
      [
        ...(mac ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared']),
        ...objects,
        '-o',
        file,
        ...(mac ? [] : ['-Wl,--no-as-needed', ...quiet]),
        ...libraries,
        ...(mac ? [library] : ['$ORIGIN', folder, library]).map((path) => `-Wl,-rpath,${path}`),
      ],
      { what: 'linking the addon', hint },
    );
    note('trying');
    await run(
      process.execPath,
      ['-e', 'const m = { exports: {} }; process.dlopen(m, process.argv[1]); console.log(m.exports.TF_Version)', file],
      {
        what: 'loading the addon',
        env: { TF_CPP_MIN_LOG_LEVEL: '2' },
        hint: 'the C library here may be older than the wheel asks for (glibc 2.27)',
      },
    );
    objects.forEach((object) => rmSync(object));
    writeJson(join(staging, 'made-from.json'), { ...need, compiler: compiler.version });
    rmSync(folder, { recursive: true, force: true });
    renameSync(staging, folder);
  }
  link(join(folder, 'tfjs_binding.node'));
}

/** Puts a link at `addonPath` in one step: a process that loads the addon meanwhile finds the old one or the new one. */
function link(target) {
  mkdirSync(dirname(addonPath), { recursive: true });
  const temporary = `${addonPath}.${process.pid}.tmp`;
  rmSync(temporary, { force: true });
  try {
    symlinkSync(target, temporary);
  } catch {
    copyFileSync(target, temporary); // a file system without links
  }
  renameSync(temporary, addonPath);
}
