import type { Command } from 'commander';

/** `esci doctor`: what this installation is, and what is wrong with it in words; exit code 1 where something is. */
export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check the installation: Node, TensorFlow, device, kernel, library, speed')
    .option('--json', 'print everything as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { examine } = await import('./examine');
      const { sections, problems } = await examine();
      if (json) process.stdout.write(`${JSON.stringify({ ok: problems.length === 0, problems, ...sections }, null, 2)}\n`);
      else process.stdout.write(render(sections, problems));
      process.exitCode = problems.length ? 1 : 0;
    });
}

type Sections = Record<string, Record<string, unknown>>;

function render(sections: Sections, problems: readonly string[]): string {
  const lines: string[] = [];
  for (const [title, values] of Object.entries(sections)) {
    lines.push(title);
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined || value === null) continue;
      lines.push(`  ${name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase().padEnd(22)} ${shownValue(value)}`); // prettier-ignore
    }
  }
  lines.push('', ...(problems.length ? problems.map((p) => `WRONG: ${p}`) : ['Everything is in order.']));
  return `${lines.join('\n')}\n`;
}

const shownValue = (value: unknown): string => {
  if (Array.isArray(value)) return value.map(shownValue).join('; ');
  if (typeof value === 'object' && value !== null) return Object.values(value).map(shownValue).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
};
