/**
 * Set-up: everything between a fresh clone and a running command. Needs Node, Python with venv and a C++17 compiler; uses Node's own modules only.
 * Idempotent: each part looks at what is there and does only what is missing; resumable: nothing half-made ever has its final name.
 *   node scripts/setup.mjs [--quiet] [--gpu [--system-cuda] | --cpu]
 */
import process from 'node:process';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`set-up: Node ${process.versions.node} is too old: 20.19 or newer is needed (20, 22, 24 and 26 work)\n`);
  process.exit(1);
}
const { setup } = await import('./setup/plan.mjs');
process.exitCode = await setup(process.argv.slice(2));
