import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import test from 'ava';

import type { CreateOptions } from '../../../src/spec/create-options.js';
import {
  checkNamespaceFiles,
  NO_HOST_PATHS,
  resolveHostPaths,
  type HostPaths,
} from '../../../src/spec/files/host-paths.js';
import { normalizeCreateOptions } from '../../../src/spec/normalize.js';
import { testFacts } from '../../helpers/facts.js';
import { specOf } from '../../helpers/plans.js';
import { temporaryDirectory } from '../../helpers/temp.js';

function resolve(options: CreateOptions): HostPaths {
  return resolveHostPaths(normalizeCreateOptions({ rootfs: '/', command: ['true'], ...options }, testFacts()));
}

test('a device is found with its numbers and keeps its name or gets another', (t) => {
  const { devices } = resolve({
    devices: [{ source: '/dev/zero' }, { source: '/dev/null', target: '/dev/nothing', access: 'r' }],
  });
  t.like(devices[0]?.device, { path: '/dev/zero', type: 'c', major: 1, minor: 5 });
  t.like(devices[1], { access: 'r', device: { path: '/dev/nothing', major: 1, minor: 3 } });
});

test('a device takes the place of a default one of the same path, and may be opened', (t) => {
  const hostPaths = resolve({ devices: [{ source: '/dev/zero', target: '/dev/null', access: 'r' }] });
  const { linux } = specOf({}, { details: { hostPaths } });
  t.is(linux?.devices?.filter(({ path }) => path === '/dev/null').length, 1);
  t.is(linux?.devices?.find(({ path }) => path === '/dev/null')?.minor, 5);
  t.deepEqual(linux?.resources?.devices?.at(-1), { allow: true, type: 'c', major: 1, minor: 5, access: 'r' });
});

test('a privileged container has all devices but the console', (t) => {
  const paths = resolve({ privileged: true }).privilegedDevices.map(({ path }) => path);
  t.true(paths.includes('/dev/null'));
  t.false(paths.includes('/dev/console'));
  t.false(paths.includes('/dev/ptmx'));
});

test('nothing is looked up where nothing is named', (t) => {
  const { devices, privilegedDevices, seccompProfile } = resolve({});
  t.deepEqual([devices, privilegedDevices, seccompProfile], [[], [], undefined]);
  t.throws(() => NO_HOST_PATHS.numbersOf('/dev/sda'), { instanceOf: TypeError });
});

test('what does not exist or is of the wrong kind is named', (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(`${directory}/file`, '');
  mkdirSync(`${directory}/empty`);
  symlinkSync('nowhere', `${directory}/dangling`);
  const refused = (options: CreateOptions, message: RegExp): void => {
    t.throws(() => resolve(options), { code: 'INVALID_ARGUMENT', message });
  };
  refused(
    { mounts: [{ type: 'bind', source: `${directory}/none`, target: '/x' }] },
    /mount source ".*\/none": no such file or directory$/,
  );
  refused({ mounts: [{ type: 'bind', source: `${directory}/file/x`, target: '/x' }] }, /not a directory$/);
  refused({ mounts: [{ type: 'bind', source: `${directory}/dangling`, target: '/x' }] }, /no such file or directory$/);
  refused({ rootfs: `${directory}/none` }, /rootfs ".*\/none": no such file or directory$/);
  refused({ rootfs: `${directory}/file` }, /rootfs ".*": not a directory$/);
  refused({ devices: [{ source: `${directory}/file` }] }, /not a device node$/);
  refused({ devices: [{ source: `${directory}/empty` }] }, /no device nodes in the directory$/);
  refused({ devices: [{ source: '/dev/none-such' }] }, /device "\/dev\/none-such": no such file or directory$/);
  refused({ timezone: 'No/Such_Zone' }, /timezone No\/Such_Zone/);
  refused({ security: { seccompProfile: directory } }, /not a regular file$/);
  refused(
    { security: { seccompProfile: '/no/profile' } },
    /seccomp profile "\/no\/profile": no such file or directory$/,
  );
  writeFileSync(`${directory}/large`, '');
  truncateSync(`${directory}/large`, 2 ** 21);
  refused({ security: { seccompProfile: `${directory}/large` } }, /larger than 1048576 bytes$/);
  t.throws(() => resolve({}).numbersOf('/dev/null'), { message: /not a block device$/ });
});

test('a profile is read and narrowed to the container', (t) => {
  const directory = temporaryDirectory(t);
  const path = `${directory}/profile.json`;
  writeFileSync(
    path,
    JSON.stringify({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['chmod'], action: 'SCMP_ACT_ERRNO', excludes: { caps: ['CAP_CHOWN'] } }],
    }),
  );
  const options: CreateOptions = { security: { seccompProfile: path } };
  const hostPaths = resolve(options);
  t.deepEqual(specOf(options, { details: { hostPaths } }).linux?.seccomp?.syscalls, []);
  t.is(specOf({ ...options, capDrop: ['CHOWN'] }, { details: { hostPaths } }).linux?.seccomp?.syscalls?.length, 1);
});

test('a namespace that is not there is named, with its kind', (t) => {
  const check = (options: CreateOptions): void =>
    checkNamespaceFiles(normalizeCreateOptions({ rootfs: '/', command: ['true'], ...options }, testFacts()));
  const refused = (options: CreateOptions, kind: string): void => {
    const message = `cannot find specified ${kind} namespace path: stat /nosuch: no such file or directory`;
    t.throws(() => check(options), { code: 'INVALID_ARGUMENT', message });
  };
  refused({ network: 'path:/nosuch' }, 'network');
  refused({ uts: 'path:/nosuch' }, 'UTS');
  refused({ userns: 'path:/nosuch' }, 'user');
  t.notThrows(() => check({ network: 'path:/proc/self/ns/net' }));
});
