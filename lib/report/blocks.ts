import { InputError } from '../runtime/errors';

/** What a document says and what its records give. */
export interface Drift {
  where: string;
  what: string;
}

export interface RenderedBlocks {
  text: string;
  drift: Drift[];
  blocks: number;
}

/**
 * A document with its blocks of one kind rendered anew, and what differed: all text between `<!-- kind:arguments -->` and `<!-- /kind -->`. `make` gives a block's
 * text and what it is called; where it throws an InputError the block stays as it is and the error's line is its drift.
 */
export function renderKind(
  text: string,
  where: string,
  kind: string,
  make: (...args: string[]) => { name: string; fresh: string },
): RenderedBlocks {
  const drift: Drift[] = [];
  let blocks = 0;
  const pattern = new RegExp(`(<!-- ${kind}:(\\S+(?: \\S+)*) -->\\n)([\\s\\S]*?)(<!-- /${kind} -->)`, 'g');
  const rendered = text.replace(pattern, (whole, open: string, args: string, body: string, close: string) => {
    blocks++;
    try {
      const { name, fresh } = make(...args.split(' '));
      const padded = `\n${fresh}\n`;
      if (padded !== body) drift.push({ where, what: `${name} differs from its records` });
      return open + padded + close;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      drift.push({ where, what: error.message });
      return whole;
    }
  });
  return { text: rendered, drift, blocks };
}
