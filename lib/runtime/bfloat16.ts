import { readFileSync } from 'node:fs';
import { InputError } from './errors';

/** Who multiplies matrices rounded to bfloat16: the device's own bfloat16 instructions (`native`), or its float32 ones, to which the rounded numbers are handed (`float32`). */
export type Bfloat16Route = 'native' | 'float32';

/**
 * Which route is fast on a processor, from what Linux says of it. Products of two bfloat16 numbers are exact in float32 and both routes add up in float32, so
 * they differ in the order of the sums alone. Native wins with AMX tiles, on AMD with AVX512-BF16 (twice as fast as float32 there) and on ARM with bf16
 * instructions; Intel's AVX512-BF16 without AMX, as virtual machines often have it, took 1.2 to 1.4 times as long as the float32 route with its roundings (products of
 * 1,280 and 2,048 rows with 384 × 1,536, one thread), and elsewhere TensorFlow emulates.
 */
export function routeOf(cpuinfo: string): Bfloat16Route {
  const flags = new Set(/^(?:flags|Features)\s*:\s*(.*)$/m.exec(cpuinfo)?.[1].split(/\s+/));
  const amd = /^vendor_id\s*:\s*AuthenticAMD/m.test(cpuinfo);
  return flags.has('amx_bf16') || flags.has('bf16') || (amd && flags.has('avx512_bf16')) ? 'native' : 'float32';
}

function cpuinfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return ''; // not Linux
  }
}

/** The route of this process: native on a GPU, by the processor elsewhere; `ESCI_BF16=native` or `float32` decides itself. */
export function bfloat16Route(gpu: boolean): Bfloat16Route {
  const told = process.env.ESCI_BF16;
  if (told === 'native' || told === 'float32') return told;
  if (told) throw new InputError(`ESCI_BF16 must be native or float32, got ${JSON.stringify(told)}`);
  return gpu ? 'native' : (known ??= routeOf(cpuinfo()));
}

let known: Bfloat16Route | undefined;
