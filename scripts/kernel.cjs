/**
 * The notebook kernel: tslab, with three cures, all of them put in place before tslab loads.
 *  1. zeromq 6 refuses every send after a socket's 513th within one tick and tslab does not wait: 400 lines printed in a loop would hang the cell
 *     for ever. Sockets without a limit on waiting messages lose none.
 *  2. tslab's reply to a failed cell is empty; clients would show no reason. The reply gets the error's name, message and stack.
 *  3. tfjs-node 4.22 calls two functions that Node 23 removed.
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

const { JupyterHandlerImpl } = require('tslab/dist/jupyter');
const execute = JupyterHandlerImpl.prototype.handleExecute;
JupyterHandlerImpl.prototype.handleExecute = async function (request, stream, display) {
  let errors = '';
  const keep = (name, text) => {
    if (name === 'stderr') errors += text;
    stream(name, text);
  };
  const reply = await execute.call(this, request, keep, display);
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
