import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hash, inVenv, readJson, root, venv, writeJson } from './paths.mjs';
import { run } from './run.mjs';

const stamp = join(venv, 'esci-setup.json');
const requirements = join(root, 'requirements.txt');

/** The stamp in `.venv`: `requirements` once they are installed there, and the chosen `variant` of TensorFlow. */
export const venvStamp = () => readJson(stamp) ?? {};
export const updateVenvStamp = (change) => writeJson(stamp, { ...venvStamp(), ...change });

const wanted = () => hash(readFileSync(requirements, 'utf8'), venv); // a virtual environment does not survive being moved
const usable = () => existsSync(inVenv('python'));
export const venvInStep = () => usable() && venvStamp().requirements === wanted();

/** Makes `.venv`, from nothing where an earlier attempt was cut short. Other programs find it usable only once its stamp is written. */
export async function makeVenv(python) {
  const { variant, systemCuda } = venvStamp();
  rmSync(venv, { recursive: true, force: true });
  await run(python, ['-m', 'venv', venv], { what: 'python -m venv' });
  updateVenvStamp({ variant, systemCuda });
}

/** True where `.venv` was made to its end and no installation into it was cut short. */
export const venvUsable = () => usable() && Boolean(readJson(stamp)) && !readJson(stamp).installing;

/** Installs `requirements.txt` into `.venv`. */
export async function installRequirements() {
  updateVenvStamp({ requirements: undefined, installing: true });
  await run(inVenv('python'), ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '-q', '-r', requirements], {
    what: 'pip install',
    hint: 'is the network there?',
  });
  updateVenvStamp({ requirements: wanted(), installing: undefined });
}
