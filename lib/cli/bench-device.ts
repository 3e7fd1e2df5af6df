import { totalmem } from 'node:os';
import { writeFileAtomic } from '../runtime/files';
import { environment } from '../runtime/provenance';
import type { GpuBenchOptions } from './bench-gpu';

/** The benches that measure what a machine can hold and what its card does, one at a time. */
export async function benchDevice(
  { memory, large, gpu }: { memory?: boolean; large?: boolean; gpu?: boolean },
  options: GpuBenchOptions,
): Promise<void> {
  const { out, only } = options;
  const write = (record: object): void => {
    if (out) writeFileAtomic(out, `${JSON.stringify(record, null, 1)}\n`);
  };
  if (memory) {
    const { benchMemory } = await import('./bench-memory');
    write({ environment: environment('f32'), memoryBytes: totalmem(), shapes: benchMemory(only) });
  }
  if (large) {
    const { benchLarge, LARGE, largeRecord, largeText } = await import('./bench-large');
    const figures = await benchLarge(LARGE, 256, 2);
    process.stdout.write(largeText(figures));
    write(largeRecord(figures));
  }
  if (gpu) (await import('./bench-gpu')).benchGpu(options);
}
