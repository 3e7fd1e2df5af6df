import type { Command } from 'commander';

/** `parity`: compares the encoder, its gradients and the optimiser with reference numbers; exits with 1 when one is out. */
export function registerParity(program: Command): void {
  program
    .command('parity')
    .description("compare with a reference implementation's numbers: one line per quantity")
    .requiredOption(
      '--golden <folder>',
      "a folder of a reference implementation's numbers, or one above several: expected.json (inputs, hidden states, logits, losses, gradient norms as transformers computes them), adamw.json (a training trajectory) where there is one",
    )
    .option('--weights <name>', 'known weights or a folder, for numbers that lie apart from their weights')
    .action(async (options: { golden: string; weights?: string }) => {
      const { parity } = await import('../heads/parity');
      const { resolveWeights } = await import('../encoder/weights');
      const weights = options.weights === undefined ? undefined : (await resolveWeights(options.weights)).folder;
      const results = await parity(options.golden, {
        weights,
        onSkip: (folder, why) => process.stderr.write(`skipped ${folder}: ${why}\n`),
      });
      const width = Math.max(...results.map((r) => r.quantity.length));
      for (const { quantity, largestError, at, bound, kind, ok } of results) {
        const found =
          kind === 'rows'
            ? `${largestError ? `${largestError} rows differ` : 'equal'}`
            : `largest ${kind} error ${largestError.toExponential(1)}, bound ${bound.toExponential(0)}`;
        process.stdout.write(`${ok ? 'ok  ' : 'OUT '} ${quantity.padEnd(width)}  ${found}${at && !ok ? ` (${at})` : ''}\n`);
      }
      if (results.some((r) => !r.ok)) process.exitCode = 1;
    });
}
