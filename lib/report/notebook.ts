import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scaleNamed } from '../experiments/scales';
import type { Scale } from '../experiments/config';
import { backend } from '../runtime/tensorflow';

/** What a notebook's first cell needs to know. */
export interface NotebookStart {
  /** The scale that `ESCI_SCALE` names, `smoke` where it names none. */
  scale: Scale;
  /** Real data that `ESCI_DATA` names, a name or a path as for `--data`; undefined = the scale's own. */
  data: string | undefined;
  /** Seeds that `ESCI_SEEDS` asks for; undefined = the scale's own number. */
  seeds: number | undefined;
}

/**
 * Reads a notebook's parameters from the environment and prints one line that says what runs: library build, TensorFlow, device, scale.
 * After a rebuild of the library restart the kernel: the line shows the build that is loaded.
 */
export function notebookStart(): NotebookStart {
  const { ESCI_SCALE: name = 'smoke', ESCI_DATA: data, ESCI_SEEDS: seeds } = process.env;
  const scale = scaleNamed(name);
  const device = backend().isUsingGpuDevice ? 'GPU' : 'CPU';
  process.stdout.write(
    `esci ${buildHash()}, TensorFlow ${backend().binding.TF_Version} on the ${device}, scale ${scale.name}: ${scale.describes}\n`,
  );
  return { scale, data: data || undefined, seeds: seeds ? Number(seeds) : undefined };
}

function buildHash(): string {
  try {
    return (JSON.parse(readFileSync(join(__dirname, '..', 'build.json'), 'utf8')) as { hash: string }).hash.slice(0, 12);
  } catch {
    return 'development build';
  }
}
