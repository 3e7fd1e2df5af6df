import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ensure } from '../runtime/errors';
import { projectRoot } from '../runtime/files';

/** A script of `scripts/bench` in a Python process that answers a line of JSON with a line of JSON. */
export class PythonProcess {
  private readonly child: ChildProcess;
  private readonly answers: AsyncIterator<string>;

  constructor(python: string, script: string, args: readonly string[] = []) {
    this.child = spawn(python, [join(projectRoot(), 'scripts', 'bench', script), ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.answers = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
  }

  async ask(request: object): Promise<Record<string, unknown>> {
    this.child.stdin!.write(JSON.stringify(request) + '\n');
    const answer: IteratorResult<string, unknown> = await this.answers.next();
    ensure(!answer.done, '--python: the reference process ended; does this Python have torch and transformers?');
    return JSON.parse(String(answer.value)) as Record<string, unknown>;
  }

  end(): void {
    this.child.stdin!.end();
  }
}
