import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { cachedSeccompCompiler } from '../../../src/engine/seccomp-cache.js';
import { fingerprint } from '../../../src/native/primitives.js';
import { compileSeccomp } from '../../../src/native/seccomp.js';
import type { SeccompConfig } from '../../../src/oci/seccomp.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const profile = (): SeccompConfig => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['reboot'], action: 'SCMP_ACT_ERRNO' }],
});

/** A directory with the filter of profile(), and the path of its file. */
function filled(t: ExecutionContext): { readonly directory: string; readonly path: string } {
  const directory = temporaryDirectory(t);
  cachedSeccompCompiler(directory)(profile());
  const names = readdirSync(directory);
  t.is(names.length, 1);
  return { directory, path: join(directory, names[0] ?? '') };
}

/** Writes the file with a fingerprint that fits. */
function write(path: string, content: Buffer): void {
  writeFileSync(path, Buffer.concat([fingerprint(content), content]));
}

const contentOf = (path: string): Buffer => readFileSync(path).subarray(8);
const compiled = (directory: string): Buffer => Buffer.from(cachedSeccompCompiler(directory)(profile()));

test('seccomp cache: what was compiled before is read', (t) => {
  const { directory, path } = filled(t);
  t.deepEqual(compiled(directory), Buffer.from(compileSeccomp(profile())));
  const content = contentOf(path);
  content[content.length - 1] = 0x55;
  write(path, content);
  t.is(compiled(directory).at(-1), 0x55);
});

test('seccomp cache: a file that was cut short or is damaged is compiled again', (t) => {
  const { directory, path } = filled(t);
  const right = Buffer.from(compileSeccomp(profile()));
  const whole = readFileSync(path);
  for (const length of [0, 7, 8, 11, whole.length - 8]) {
    truncateSync(path, length);
    t.deepEqual(compiled(directory), right, `cut to ${length}`);
    t.deepEqual(readFileSync(path), whole);
  }
  const damaged = Buffer.from(whole);
  damaged.fill(0, whole.length - 16);
  writeFileSync(path, damaged);
  t.deepEqual(compiled(directory), right);
});

test('seccomp cache: the filter of another profile whose name is the same is not used', (t) => {
  const { directory, path } = filled(t);
  const content = contentOf(path);
  const key = content.readUInt32LE();
  content.write('X', 4 + key - 5);
  write(path, content);
  t.deepEqual(compiled(directory), Buffer.from(compileSeccomp(profile())));
});
