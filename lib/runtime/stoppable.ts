/** Whether the outermost `stoppable` under way has been asked to stop. */
let active: { stop: boolean } | undefined;

/**
 * Runs a long loop so that one interrupt (the notebook's stop button, Ctrl-C in a terminal) asks it to stop at its next step, and a second one stops
 * it hard. `body` gets a function that says whether to stop; it should look at it every step and `await breathe()` in between.
 * Calls within one another share the request. In a notebook the cell then ends well, and the listeners are as they were.
 *
 * Source: the behaviour of tslab 1.0.22. It lifts all listeners off during a cell's synchronous part, and one registered then would make the next
 * interrupt kill the kernel: hence the first `await`. Its own listener would end the cell red with the loop running on: hence it is set aside.
 */
export async function stoppable<T>(body: (stopped: () => boolean) => Promise<T>): Promise<T> {
  await Promise.resolve();
  if (active) {
    const shared = active;
    return body(() => shared.stop);
  }
  const request: { stop: boolean } = { stop: false };
  active = request;
  const others = process.rawListeners('SIGINT') as (() => void)[];
  const onInterrupt = (): void => {
    if (!request.stop) {
      request.stop = true;
    } else if (others.length) {
      for (const listener of others) listener();
    } else {
      process.off('SIGINT', onInterrupt);
      process.kill(process.pid, 'SIGINT');
    }
  };
  process.removeAllListeners('SIGINT');
  process.on('SIGINT', onInterrupt);
  try {
    return await body(() => request.stop);
  } finally {
    active = undefined;
    process.off('SIGINT', onInterrupt);
    for (const listener of others) process.on('SIGINT', listener);
  }
}

/** Lets signals, timers and outputs through between two steps of a loop (microtasks alone would not). */
export const breathe = (): Promise<void> => new Promise((resume) => setImmediate(resume));
