/** A process that runs experiments one after the other for the runner, told by messages. An interrupt from the terminal is the parent's to handle. */
import { failureOf } from './failure';
import { runExperiment } from './run';
import type { WorkerAnswer, WorkerRequest } from './runner';

const answer = (message: WorkerAnswer): void => void process.send?.(message);
let stopped = false;

process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('message', (request: WorkerRequest) => {
  if ('stop' in request) {
    stopped = true;
    return;
  }
  runExperiment(request.run, request.parts, {
    onStage: (stage) => answer({ stage }),
    onStep: (step, steps, loss, rate) => {
      if (step % 5 === 0) answer({ step, steps, loss, rate });
    },
    stopped: () => stopped,
  }).then(
    (record) => answer({ record }),
    (error: unknown) => answer({ failed: failureOf(error) }),
  );
});
