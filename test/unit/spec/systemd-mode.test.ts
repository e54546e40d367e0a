/** Systemd mode: which containers are in it, and what they get. */
import test from 'ava';

import type { OciSpec } from '../../../src/oci/spec.js';
import type { CreateOptions } from '../../../src/spec/create-options.js';
import { generateSpec } from '../../../src/spec/generate.js';
import { normalizeCreateOptions } from '../../../src/spec/normalize.js';
import { mayDivideCgroup } from '../../../src/spec/systemd-mode.js';
import { testFacts } from '../../helpers/facts.js';
import { ID, MINIMAL, specOf } from '../../helpers/plans.js';

const INIT: CreateOptions = { command: ['/sbin/init'] };

const configOf = (options: CreateOptions) => normalizeCreateOptions({ ...MINIMAL, ...options }, testFacts());

const decides = test.macro({
  exec: (t, options: CreateOptions, expected: boolean) => {
    const { systemd = false, stopSignal } = configOf(options);
    t.is(systemd, expected);
    t.is(stopSignal, expected ? 37 : 15);
  },
  title: (_, options, expected) => `${expected ? 'on' : 'off'}: ${JSON.stringify(options)}`,
});

// As Podman 4.3 decides.
test(decides, INIT, true);
test(decides, { command: ['/usr/sbin/init'] }, true);
test(decides, { command: ['/usr/local/sbin/init', '--x'] }, true);
test(decides, { command: ['/usr/lib/systemd/systemd', '--system'] }, true);
test(decides, { command: ['systemd/'] }, true);
test(decides, { command: ['/bin/sh', '-c', '/sbin/init'] }, true);
test(decides, { command: ['/bin/sh', '-c', 'systemd', 'x'] }, true);
test(decides, { entrypoint: ['/bin/sh', '-c'], command: ['/sbin/init'] }, true);
test(decides, { entrypoint: ['/sbin/init'], command: ['x'] }, true);
test(decides, { entrypoint: ['x'], command: ['/sbin/init'] }, false);
test(decides, { command: ['/bin/sh', '-c', '/sbin/init --x'] }, false);
test(decides, { command: ['/bin/sh', '-c'] }, false);
test(decides, { command: ['sh', '-c', '/sbin/init'] }, false);
test(decides, { command: ['init'] }, false);
test(decides, { command: ['systemd-run'] }, false);
test(decides, { ...INIT, init: true }, false);
test(decides, { ...INIT, systemd: 'false' }, false);
test(decides, { systemd: 'always' }, true);

test('the stop signal that was given is used', (t) => {
  t.is(configOf({ ...INIT, stopSignal: 'TERM' }).stopSignal, 15);
});

test('what cannot be is refused', (t) => {
  t.throws(() => configOf({ systemd: 'yes' as 'true' }), { message: /systemd must be one of true, false, always/ });
  t.throws(() => configOf({ systemd: 'always', init: true }), { message: /container-init binary with systemd=always/ });
});

const TMPFS = ['/run', '/run/lock', '/tmp', '/var/log/journal'];
const inMemory = ({ mounts = [] }: OciSpec) =>
  mounts.filter(({ type, destination }) => type === 'tmpfs' && !destination.startsWith('/dev'));
const tmpfsOf = (options: CreateOptions) => inMemory(specOf(options));

test('it has tmpfs mounts that begin with what the image has there, but with nothing of the host', (t) => {
  const mounts = tmpfsOf(INIT);
  t.deepEqual(
    mounts.map(({ destination }) => destination),
    TMPFS,
  );
  for (const { options } of mounts) t.deepEqual(options, ['rw', 'rprivate', 'nosuid', 'nodev', 'tmpcopyup']);
  const facts = testFacts();
  const host = generateSpec(normalizeCreateOptions({ ...INIT, image: 'host:' }, facts), facts, {
    id: ID,
    rootPath: '/',
  });
  t.is(inMemory(host).length, TMPFS.length);
  for (const { options } of inMemory(host)) t.false(options?.includes('tmpcopyup'));
});

test('one mount at a place: the user’s, or one of a read-only root and of systemd', (t) => {
  const mounts = [{ type: 'bind', source: '/h', target: '/run' }] as const;
  t.deepEqual(
    tmpfsOf({ ...INIT, mounts })
      .map(({ destination }) => destination)
      .sort(),
    TMPFS.slice(1),
  );
  const readOnly = tmpfsOf({ ...INIT, readOnly: true }).map(({ destination }) => destination);
  t.deepEqual(readOnly, ['/run', '/tmp', '/var/tmp', '/run/lock', '/var/log/journal']);
});

test('systemd finds the id of its machine, unless the user sets another', (t) => {
  const uuid = (options: CreateOptions) =>
    specOf(options).process?.env?.filter((item) => item.startsWith('container_'));
  t.deepEqual(uuid(INIT), [`container_uuid=${ID.slice(0, 32)}`]);
  t.deepEqual(uuid({ ...INIT, env: { container_uuid: 'x' } }), ['container_uuid=x']);
  t.deepEqual(uuid({}), []);
});

const divides = test.macro({
  exec: (t, options: CreateOptions, expected: boolean) => {
    t.is(mayDivideCgroup(configOf({ ...INIT, ...options })), expected);
  },
  title: (_, options, expected) => `${expected ? 'may' : 'may not'} divide its cgroup: ${JSON.stringify(options)}`,
});

const uidMaps = [{ containerId: 0, hostId: 100000, size: 65536 }];
test(divides, {}, true);
test(divides, { cgroupns: 'host' }, true);
test(divides, { uidMaps }, true);
test(divides, { uidMaps, cgroupns: 'host' }, false);
test(divides, { cgroupns: 'container:x' }, false);
test(divides, { cgroups: 'disabled' }, false);
test(divides, { runtime: 'crun' }, false);
test(divides, { systemd: 'false' }, false);
