import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { venv, writeJson } from './paths.mjs';

const file = join(venv, 'share/jupyter/kernels/tslab/kernel.json');

/** The notebook kernel: tslab through our launcher. Jupyter fills in `{resource_dir}`, the folder of kernel.json, so the clone may be moved. */
const spec = {
  argv: ['node', '{resource_dir}/../../../../../scripts/kernel.cjs', '{connection_file}'],
  display_name: 'TypeScript',
  language: 'typescript',
  interrupt_mode: 'signal',
};

export function kernelInStep() {
  try {
    return readFileSync(file, 'utf8') === JSON.stringify(spec, null, 2) + '\n';
  } catch {
    return false;
  }
}

/** Registers the kernel inside `.venv` only: nothing outside the project changes. */
export const writeKernel = () => writeJson(file, spec);
