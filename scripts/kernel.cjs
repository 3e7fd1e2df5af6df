/**
 * The notebook kernel: tslab, with four cures, all of them put in place before tslab loads.
 *  1. zeromq 6 refuses every send after a socket's 513th within one tick and tslab does not wait: 400 lines printed in a loop would hang the cell
 *     for ever. Sockets without a limit on waiting messages lose none.
 *  2. tslab's reply to a failed cell is empty; clients would show no reason. The reply gets the error's name, message and stack.
 *  3. Each console.log is a message of its own, and Jupyter's server drops output over 1,000 messages a second. What is printed within one tick
 *     goes out together, though at the latest after 100 ms.
 *  4. tfjs-node 4.22 calls two functions that Node 23 removed.
 */
const { createRequire } = require('node:module');
const util = require('node:util');
util.isNullOrUndefined ??= (x) => x === null || x === undefined;
util.isArray ??= Array.isArray;
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';

const zmq = createRequire(require.resolve('tslab'))('zeromq');
for (const name of ['Publisher', 'Router']) {
  zmq[name] = class extends zmq[name] {
    constructor(options) {
      super({ sendTimeout: 0, sendHighWaterMark: 0, ...options });
    }
  };
}

/** A stream that joins what is printed in quick succession; `flush` sends what waits. */
function joined(stream) {
  let name = '';
  let text = '';
  let at = -Infinity;
  const flush = () => {
    if (text) stream(name, text);
    text = '';
    at = performance.now();
  };
  const write = (to, more) => {
    if (to !== name) flush();
    if (!text) setImmediate(flush);
    name = to;
    text += more;
    if (text.length > 1 << 16 || performance.now() - at > 100) flush();
  };
  return { write, flush };
}

const { JupyterHandlerImpl } = require('tslab/dist/jupyter');
const execute = JupyterHandlerImpl.prototype.handleExecute;
JupyterHandlerImpl.prototype.handleExecute = async function (request, stream, display) {
  let errors = '';
  const out = joined(stream);
  const print = (name, text) => {
    if (name === 'stderr') errors += text;
    out.write(name, text);
  };
  const show = (...message) => {
    out.flush();
    display(...message);
  };
  const reply = await execute.call(this, request, print, show);
  out.flush();
  if (reply.status === 'abort') reply.status = 'aborted';
  if (reply.status === 'error') {
    const text = errors.trimEnd();
    const line = text.split('\n').find((l) => /^(\w*Error\b|\d+:\d+ - )/.test(l)) ?? text.split('\n')[0] ?? '';
    const [, ename, evalue] = /^(\w*Error): (.*)/.exec(line) ?? [undefined, 'Error', line];
    Object.assign(reply, { ename, evalue, traceback: text.split('\n') });
  }
  return reply;
};

require('tslab/dist/main').startKernel({ configPath: process.argv[2], enableFindLocal: false });
