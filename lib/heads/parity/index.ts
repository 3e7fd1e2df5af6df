import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ensure } from '../../runtime/errors';
import { classifierParity, type ClassifierGolden } from './classifier';
import type { ParityResult } from './compare';
import { maskedLmParity, type MaskedLmGolden } from './masked-lm';
import { sentenceParity, type SentenceGolden } from './sentence';
import { trajectoryParity, type TrajectoryGolden } from './trajectory';

export type { ParityResult } from './compare';

export interface ParityOptions {
  /** The folder of the weights, for golden numbers that lie apart from them. Without it those are skipped. */
  weights?: string;
  /** Told of each golden folder that is left out, and why. */
  onSkip?: (folder: string, why: string) => void;
}

/**
 * Compares this library with the reference numbers below a folder: every folder with an `expected.json` in it, a masked language model, a
 * classifier or a sentence encoder; and `adamw.json` beside it, run both recorded and eagerly.
 * @throws InputError where there is none.
 */
export async function parity(goldenFolder: string, { weights, onSkip }: ParityOptions = {}): Promise<ParityResult[]> {
  const folders = findGolden(goldenFolder);
  ensure(
    folders.length > 0,
    `${goldenFolder} holds no golden numbers: expected a folder with expected.json in it, at most two levels down`,
  );
  const results: ParityResult[] = [];
  for (const folder of folders) {
    const golden = read(join(folder, 'expected.json')) as object;
    const name = basename(folder);
    if ('mlm_loss' in golden) {
      results.push(...maskedLmParity(name, folder, golden as MaskedLmGolden));
      const adamw = join(folder, 'adamw.json');
      if (!existsSync(adamw)) continue;
      for (const eager of [false, true])
        results.push(...trajectoryParity(name, folder, read(adamw) as TrajectoryGolden, golden as MaskedLmGolden, eager));
    } else if ('fgm' in golden) results.push(...classifierParity(name, folder, golden as ClassifierGolden));
    else if ('mean_pooled' in golden && weights) results.push(...(await sentenceParity(name, weights, golden as SentenceGolden)));
    else onSkip?.(folder, 'mean_pooled' in golden ? 'it needs the weights it was computed with' : 'its kind is not known');
  }
  ensure(results.length > 0, `none of the golden numbers in ${goldenFolder} could be compared: name their weights`);
  return results;
}

function findGolden(folder: string, depth = 2): string[] {
  ensure(existsSync(folder) && statSync(folder).isDirectory(), `the golden folder ${folder} does not exist`);
  if (existsSync(join(folder, 'expected.json'))) return [folder];
  if (depth === 0) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((e) => e.isDirectory())
    .map((e) => e.name)
    .sort()
    .flatMap((name) => findGolden(join(folder, name), depth - 1));
}

const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
