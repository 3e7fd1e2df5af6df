import { existsSync, readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { Room } from '../experiments/cost';
import type { Speed } from '../experiments/durations';
import { ensure } from '../runtime/errors';
import { projectRoot } from '../runtime/files';
import { findGpus } from '../runtime/gpus';
import { peakOf, type Peak } from '../runtime/peaks';
import { numberOf } from './numbers';

const GIB = 2 ** 30;
/** The share of a card's peak, and of this machine's matrix product, that training is assumed to reach where no record says. */
export const CARD_SHARE = 0.25;
export const CPU_SHARE = 0.6;

/** Options of the verbs that plan runs. */
export interface RoomOptions {
  /** GiB to plan with instead of what the machine (or its card) has. */
  memory?: string;
  /** A card by name to plan for instead of this machine, for example H100. */
  card?: string;
  jobs: number;
}

interface Card {
  name: string;
  bytes: number;
  peak: Peak | undefined;
}

/** The card that would compute: the one asked for, else the first that the GPU build has here. */
function cardOf(asked: string | undefined): Card | undefined {
  if (asked !== undefined) {
    const peak = peakOf(asked);
    ensure(peak, `--card ${asked}: no data sheet of it is known; for example H100, H200, A100, L4, T4, RTX 4090`);
    return { name: asked, bytes: peak.gib * GIB, peak };
  }
  const stamp = join(projectRoot(), '.venv', 'esci-setup.json');
  if (!existsSync(stamp) || !/"variant":\s*"gpu"/.test(readFileSync(stamp, 'utf8'))) return undefined;
  const { cards, problem } = findGpus();
  if (problem || !cards.length) return undefined;
  return { name: cards[0].name, bytes: parseFloat(cards[0].memory) * 2 ** 20, peak: peakOf(cards[0].name) };
}

/** What there is to fit into. */
export function roomOf({ memory, card: asked, jobs }: RoomOptions): Room {
  const given = memory === undefined ? undefined : numberOf('--memory', memory, 0.1, 1e6) * GIB;
  const card = cardOf(asked);
  if (!card) return { ram: given ?? totalmem(), jobs, name: given ? '--memory' : 'this machine' };
  // A card that is only planned for stands in a machine with room enough.
  return {
    ram: asked === undefined ? totalmem() : Infinity,
    card: given ?? card.bytes,
    jobs,
    name: given ? '--memory' : card.name,
  };
}

/** Operations a second to reckon with where there is no record, and in words where they come from. */
export async function speedOf({ card: asked }: RoomOptions): Promise<Speed & { said: string }> {
  const card = cardOf(asked);
  if (card) {
    ensure(card.peak, `no peak of ${card.name} is known: --card names one that is like it`);
    const { bf16, tf32 } = card.peak;
    const share = `${100 * CARD_SHARE} % of ${card.name}'s peak (assumed)`;
    return { bf16: CARD_SHARE * bf16 * 1e12, f32: CARD_SHARE * tf32 * 1e12, said: share };
  }
  const { matmulSpeed } = await import('../runtime/device');
  const { bfloat16Route } = await import('../runtime/bfloat16');
  const speed = (precision: 'float32' | 'bfloat16'): number => CPU_SHARE * matmulSpeed(precision, 512, 2, 3) * 1e9;
  const f32 = speed('float32');
  const bf16 = bfloat16Route(false) === 'native' ? speed('bfloat16') : f32;
  return { f32, bf16, said: `${100 * CPU_SHARE} % of a matrix product measured just now (assumed)` };
}
