import type { Block } from './inputs';

/** Sees every block of rows once, in order; `firstRow` is the number of the block's first row. */
export type Visitor = (block: Block, firstRow: number) => void;

/**
 * An algorithm that needs the rows several times: it yields a visitor for each pass and returns its result after the last.
 * One generator serves arrays in memory (one block) and files read block by block, so that both give the same result.
 */
export type Passes<T> = Generator<Visitor, T, void>;

/** Rows that can be read again and again: each call starts from the first block. */
export type BlockSource = () => AsyncIterable<Block> | Iterable<Block>;

/** Runs all passes over rows in memory. */
export function runPasses<T>(passes: Passes<T>, block: Block): T {
  for (;;) {
    const step = passes.next();
    if (step.done) return step.value;
    step.value(block, 0);
  }
}

/** Runs all passes over rows that are read again for each pass; holds one block at a time. */
export async function streamPasses<T>(passes: Passes<T>, source: BlockSource): Promise<T> {
  for (;;) {
    const step = passes.next();
    if (step.done) return step.value;
    let row = 0;
    for await (const block of source()) {
      step.value(block, row);
      row += block.labels.length;
    }
  }
}
