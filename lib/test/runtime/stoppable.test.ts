import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breathe, stoppable } from '../../runtime/stoppable';

test('one interrupt stops the loop at its next step, and the listeners are as before (oracle: counted)', async () => {
  const others = process.rawListeners('SIGINT');
  let steps = 0;
  const result = await stoppable(async (stopped) => {
    while (steps < 1009 && !stopped()) {
      steps++;
      if (steps === 13) process.emit('SIGINT');
      await breathe();
    }
    return 'ended';
  });
  assert.equal(result, 'ended');
  assert.equal(steps, 13);
  assert.deepEqual(process.rawListeners('SIGINT'), others);
});

test('loops within one another share the request; a second interrupt goes to the listeners that were there', async () => {
  let hard = 0;
  const listener = (): void => void hard++;
  process.on('SIGINT', listener);
  try {
    await stoppable(async (outer) => {
      await stoppable(async (inner) => {
        process.emit('SIGINT');
        assert.equal(inner(), true);
      });
      assert.equal(outer(), true);
      assert.equal(hard, 0);
      process.emit('SIGINT');
      assert.equal(hard, 1);
    });
    assert.ok(process.rawListeners('SIGINT').includes(listener));
  } finally {
    process.off('SIGINT', listener);
  }
});

test('an error leaves no listener and no request behind', async () => {
  await assert.rejects(
    stoppable(async () => {
      process.emit('SIGINT');
      throw new Error('deliberate');
    }),
    /deliberate/,
  );
  assert.equal(await stoppable(async (stopped) => stopped()), false);
  assert.equal(process.listenerCount('SIGINT'), 0);
});
