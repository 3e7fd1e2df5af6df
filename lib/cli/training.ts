import type { Command } from 'commander';
import type { ZodType } from 'zod';
import { ensure } from '../runtime/errors';

/** Adds `--set name=value`, which may be repeated, and the list of what may be set. */
export function withSettings(command: Command, of: string): Command {
  return command
    .option(
      '--set <name=value>',
      `another value for a setting of ${of}; may be repeated`,
      (value: string, all: string[]) => [...all, value],
      [],
    )
    .option('--list-settings', 'print every setting with its value under these options and what it allows, and run nothing');
}

/** The folder of `--out`, which only a list of settings can do without. */
export function outOf({ out }: { out?: string }): string {
  ensure(out, '--out must name the folder where the model goes');
  return out;
}

/** A configuration's settings on stdout, each as `--set` takes it, with what it allows. */
export async function printSettings(schema: ZodType, config: object): Promise<void> {
  const { listSettings } = await import('../experiments/schema/listed');
  const lines = listSettings(schema, config).map(({ name, value, allowed }) => [`${name}=${value}`, allowed] as const);
  const width = Math.min(48, Math.max(...lines.map(([setting]) => setting.length)));
  for (const [setting, allowed] of lines) process.stdout.write(`${setting.padEnd(width)}  ${allowed}\n`);
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
    import('../experiments/failure'),
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

/** Ends with exit code 1 where a self-check failed, so that a script notices a trick that did nothing. */
export function failedChecks(checks: readonly { name: string; ok: boolean }[], out: string): void {
  const failed = checks.filter(({ ok }) => !ok).length;
  if (!failed) return;
  process.stderr.write(
    `${failed} self-check${failed > 1 ? 's' : ''} failed: exit code 1; the model and its record are in ${out} all the same\n`,
  );
  process.exitCode = 1;
}
