/** kill -9 of commands about volumes at their failpoints: what they left is put right by the next command. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

import { VOLUME_FAILPOINTS, type VolumeFailpoint } from '../../../src/container/failpoint.js';
import { faults } from '../../helpers/faults.js';
import { busyboxLayer, imageOf, layerOf, sourceOf } from '../../helpers/layers.js';
import { takesLong } from '../../helpers/pace.js';
import { requires } from '../../helpers/requires.js';

/** Commands that pass the point; V is a volume that there is only where `before` makes it. */
const ROWS: Readonly<
  Record<
    VolumeFailpoint,
    readonly {
      readonly before?: readonly string[];
      readonly command: readonly string[];
      readonly after: 'there' | 'gone';
    }[]
  >
> = {
  'volume-recorded': [
    { command: ['volume', 'create', 'v'], after: 'there' },
    { command: ['create', '-v', 'v:/data', 'test:1', 'true'], after: 'there' },
  ],
  'volume-made': [{ command: ['volume', 'create', 'v'], after: 'there' }],
  'volume-copied': [{ command: ['run', '--rm', '-v', 'v:/data', 'test:1', 'true'], after: 'there' }],
  'volume-filling': [{ command: ['run', '--rm', '-v', 'v:/data', 'test:1', 'true'], after: 'there' }],
  'volume-removal-recorded': [
    { before: ['volume', 'create', 'v'], command: ['volume', 'rm', 'v'], after: 'gone' },
    { command: ['run', '--rm', '-v', '/data', 'test:1', 'true'], after: 'gone' },
  ],
  'volume-put-aside': [
    { before: ['volume', 'create', 'v'], command: ['volume', 'rm', 'v'], after: 'gone' },
    { command: ['run', '--rm', '-v', '/data', 'test:1', 'true'], after: 'gone' },
  ],
};

test('kill -9 at the failpoints of volumes', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay')) return;
  takesLong(t);
  const env = await faults(t);
  const files = layerOf([
    { path: 'data', type: 'directory', mode: 0o750, uid: 5 },
    { path: 'data/a', content: 'one' },
    { path: 'data/d/b', content: 'two' },
  ]);
  await env.engine.images.pull(sourceOf(imageOf({ layers: [busyboxLayer(), files] })), { name: 'test:1' });
  const volumes = join(env.root, 'volumes');
  for (const point of VOLUME_FAILPOINTS) {
    for (const { before, command, after } of ROWS[point]) {
      const what = `${command.join(' ')} at ${point}`;
      const [word = '', ...words] = command;
      const args = word === 'volume' ? command : [word, ...env.flags, ...words];
      if (before !== undefined) t.is((await env.tspod(...before)).status, 0, what);
      await env.killedAt(point, ...args);
      await env.recovers(what);
      const listed = (await env.tspod('volume', 'ls', '-q')).stdout;
      t.is(listed, after === 'there' ? 'v\n' : '', what);
      t.deepEqual(existsSync(join(volumes, '.gone')) ? readdirSync(join(volumes, '.gone')) : [], [], what);
      const script = 'cat /data/a /data/d/b; stat -c %a:%u /data';
      const { stdout } = await env.tspod('run', '--rm', ...env.flags, '-v', 'v:/data', 'test:1', 'sh', '-c', script);
      t.is(stdout, 'onetwo750:5\n', what);
      t.deepEqual(readdirSync(join(volumes, 'v')).toSorted(), ['_data', 'lock'], what);
      t.is(readFileSync(join(volumes, 'v/_data/a'), 'utf8'), 'one', what);
      t.is((await env.tspod('rm', '--all', '--force', '-t', '0')).status, 0, what);
      t.is((await env.tspod('volume', 'rm', '--all')).status, 0, what);
      const check = await env.tspod('system', 'check');
      t.is(`${check.status} ${check.stdout}`, '0 ', what);
    }
  }
});

test('a removal with volumes that is cut off takes them along', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay')) return;
  const env = await faults(t);
  await env.engine.images.pull(sourceOf(imageOf({ layers: [busyboxLayer()] })), { name: 'test:1' });
  for (const point of ['removal-recorded', 'files-removed', 'record-deleted'] as const) {
    await env.tspod('create', ...env.flags, '--name', 'c', '-v', '/data', 'test:1', 'true');
    t.is(env.engine.volumes.list().length, 1);
    await env.killedAt(point, 'rm', '-v', 'c');
    await env.recovers(point);
    t.deepEqual(env.engine.volumes.list(), [], point);
  }
});
