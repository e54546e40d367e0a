import test from 'ava';

import { planOf, wordsOf } from '../../helpers/plans.js';

const MAPS = { uidMaps: [{ containerId: 0, hostId: 100000, size: 65536 }] };

test('an image is mounted of its layers, which the monitor maps into a user namespace', (t) => {
  const mounts = (['ro', 'rw'] as const).map((access) => ({
    type: 'image' as const,
    source: 'i',
    target: `/${access}`,
    options: [access],
  }));
  const mountLayers = new Map([
    ['/ro', { lowerDirs: ['/top', '/low'] }],
    ['/rw', { lowerDirs: ['/top'], upperDir: '/u', workDir: '/w' }],
  ]);
  const own = wordsOf(planOf({ mounts }, { context: { mountLayers } }), 'init');
  const at = own.indexOf('mount overlay on /ro source=overlay,lowerdir=/top:/low');
  t.deepEqual(own.slice(at, at + 5), [
    'mount overlay on /ro source=overlay,lowerdir=/top:/low',
    'make mount /ro ro',
    'attach mount on /ro',
    'mount overlay on /rw source=overlay,lowerdir=/top,upperdir=/u,workdir=/w',
    'attach mount on /rw',
  ]);
  const mapped = wordsOf(planOf({ ...MAPS, mounts }, { context: { mountLayers } }), 'afterClone');
  t.deepEqual(mapped.slice(-7), [
    'mount tmpfs on /run/c/root source=tmpfs,mode=700',
    'attach mount on /run/c/root',
    'bind /top on /0',
    'make mount /0 idmap',
    'attach mount on /0',
    'mount overlay on /rw source=overlay,lowerdir=/run/c/root/0,upperdir=/u,workdir=/w',
    'join mount namespace of /proc/self/ns/mnt',
  ]);
});
