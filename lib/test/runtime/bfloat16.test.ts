import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routeOf } from '../../runtime/bfloat16';

/** As /proc/cpuinfo has it, one processor of it. */
const cpu = (vendor: string, flags: string): string => `processor\t: 0\nvendor_id\t: ${vendor}\nmodel\t\t: 1\nflags\t\t: fpu vme ${flags} ssse3\nbugs\t\t: spectre_v1\n`; // prettier-ignore

test('bfloat16 products are native where their instructions are fast, float32 elsewhere', () => {
  assert.equal(routeOf(cpu('AuthenticAMD', 'avx512f avx512_bf16')), 'native');
  assert.equal(routeOf(cpu('GenuineIntel', 'avx512f avx512_bf16 amx_bf16 amx_tile')), 'native');
  assert.equal(routeOf(cpu('GenuineIntel', 'avx512f avx512_bf16')), 'float32', 'AMX not passed on to a virtual machine');
  assert.equal(routeOf(cpu('AuthenticAMD', 'avx2')), 'float32', 'emulated');
  assert.equal(routeOf('processor\t: 0\nBogoMIPS\t: 243.75\nFeatures\t: fp asimd i8mm bf16 dgh\n'), 'native', 'ARM');
  assert.equal(routeOf('processor\t: 0\nFeatures\t: fp asimd\n'), 'float32');
  assert.equal(routeOf(''), 'float32', 'not Linux');
});
