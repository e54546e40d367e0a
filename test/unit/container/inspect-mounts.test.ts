/** Mounts in `inspect`, as Podman shows them. */
import test from 'ava';

import { inspectHostConfig, inspectMounts } from '../../../src/container/inspect/config.js';
import type { MountOptions } from '../../../src/spec/create-options.js';
import { normalizeCreateOptions } from '../../../src/spec/normalize.js';
import { containerPaths } from '../../../src/storage/paths.js';
import { testFacts } from '../../helpers/facts.js';
import { ID, MINIMAL } from '../../helpers/plans.js';

const PATHS = containerPaths({ root: '/root', runRoot: '/run' }, ID);

function configOf(mounts: readonly MountOptions[]) {
  return normalizeCreateOptions({ ...MINIMAL, mounts }, testFacts());
}

const isInspected = test.macro<[mount: MountOptions, bind: string, fields: string]>({
  exec: (t, mount, bind, fields) => {
    const config = configOf([mount]);
    t.deepEqual(inspectHostConfig(config, PATHS).Binds, [bind]);
    const [inspected] = inspectMounts(config, (volume) => `/volumes/${volume}`);
    const { Options: options, Mode: mode, RW: writable, Propagation: propagation } = inspected ?? {};
    t.is([options?.join(','), mode, writable, propagation].join(' '), fields);
  },
  title: (_, mount) => `inspect: the options of a mount: ${mount.type} ${(mount.options ?? []).join(',')}`,
});

function bind(...options: readonly string[]): MountOptions {
  return { type: 'bind', source: '/h', target: '/b', options };
}

function volume(...options: readonly string[]): MountOptions {
  return { type: 'volume', source: 'v', target: '/b', options };
}

test(isInspected, bind(), '/h:/b:rw,rprivate,rbind', 'rbind  true rprivate');
test(isInspected, bind('noexec'), '/h:/b:noexec,rw,rprivate,rbind', 'noexec,rbind  true rprivate');
test(isInspected, bind('ro'), '/h:/b:ro,rprivate,rbind', 'rbind  false rprivate');
test(isInspected, bind('z', 'bind', 'shared'), '/h:/b:z,bind,shared,rw', 'bind z true shared');
test(isInspected, volume(), 'v:/b:rw,rprivate,nosuid,nodev,rbind', 'nosuid,nodev,rbind  true rprivate');
test(
  isInspected,
  volume('nocopy', 'noexec', 'dev'),
  'v:/b:nocopy,noexec,dev,rw,rprivate,nosuid,rbind',
  'nocopy,noexec,dev,nosuid,rbind  true rprivate',
);

test('inspect: a tmpfs is in HostConfig.Tmpfs, not among the mounts', (t) => {
  const config = configOf([
    { type: 'tmpfs', target: '/t', options: ['size=1m'] },
    { type: 'tmpfs', target: '/u', options: ['ro', 'notmpcopyup', 'shared'] },
  ]);
  t.deepEqual(inspectMounts(config, String), []);
  t.deepEqual(inspectHostConfig(config, PATHS).Tmpfs, {
    '/t': 'size=1m,rw,rprivate,nosuid,nodev,tmpcopyup',
    '/u': 'ro,shared,nosuid,nodev',
  });
});
