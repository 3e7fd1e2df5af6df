import type { Command } from 'commander';

/** Adds `--set name=value`, which may be repeated. */
export function withSettings(command: Command, of: string): Command {
  return command.option(
    '--set <name=value>',
    `another value for a setting of ${of}; may be repeated`,
    (value: string, all: string[]) => [...all, value],
    [],
  );
}

/** Runs one training with progress on stderr; an interrupt stops it at its next update, and the same command goes on from there. */
export async function runShown<T>(
  title: string,
  body: (hooks: {
    stopped: () => boolean;
    onStep: (step: number, steps: number, loss: number, tokensPerSecond: number) => void;
  }) => Promise<T>,
): Promise<T | undefined> {
  const [{ Stopped }, { progress }, { stoppable }] = await Promise.all([
    import('../experiments/stopped'),
    import('../runtime/progress'),
    import('../runtime/stoppable'),
  ]);
  let bar: ReturnType<typeof progress> | undefined;
  let total = 0;
  try {
    return await stoppable((stopped) =>
      body({
        stopped,
        onStep: (step, steps, loss, rate) => {
          if (steps !== total) bar?.stop();
          if (steps !== total || !bar) bar = progress(title, (total = steps));
          bar.update(step, `loss ${loss.toFixed(4)}, ${Math.round(rate)} tokens/s`);
        },
      }),
    );
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    process.stderr.write(`${error.message}; the same command goes on from there\n`);
    process.exitCode = 130;
    return undefined;
  } finally {
    bar?.stop();
  }
}

/** Figures as `name value` lines on stdout; self-checks that failed on stderr. */
export function printOutcome(
  metrics: Readonly<Record<string, number>>,
  checks: readonly { name: string; ok: boolean; detail: string }[],
): void {
  for (const [name, value] of Object.entries(metrics)) process.stdout.write(`${name} ${value.toFixed(4)}\n`);
  for (const { name, ok, detail } of checks) if (!ok) process.stderr.write(`self-check failed: ${name} (${detail})\n`);
}
