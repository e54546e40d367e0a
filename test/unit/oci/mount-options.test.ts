import test from 'ava';

import {
  isMountOption,
  MOUNT_ATTR,
  MS,
  parseMountOptions,
  propagationFlags,
  type ParsedMountOptions,
} from '../../../src/oci/mount-options.js';

const NOTHING: ParsedMountOptions = {
  bind: 'no',
  set: 0n,
  clear: 0n,
  recursiveSet: 0n,
  recursiveClear: 0n,
  propagation: undefined,
  idmap: 'no',
  tmpcopyup: false,
  data: [],
};

const parsed = test.macro<[readonly string[], Partial<ParsedMountOptions>]>({
  exec: (t, options, expected) => {
    t.deepEqual(parseMountOptions(options), { ...NOTHING, ...expected });
  },
  title: (_, options) => options.join(',') || 'no options',
});

test(parsed, [], {});
test(parsed, ['ro', 'nosuid', 'nodev', 'noexec'], { set: 0xfn });
test(parsed, ['rw', 'suid', 'dev', 'exec'], { clear: 0xfn });
test(parsed, ['ro', 'rw'], { clear: MOUNT_ATTR.RDONLY });
test(parsed, ['rw', 'ro'], { set: MOUNT_ATTR.RDONLY });
// mount_setattr(2) wants the whole field of access times cleared to set one of its values.
test(parsed, ['noatime'], { set: MOUNT_ATTR.NOATIME, clear: MOUNT_ATTR.ATIME });
test(parsed, ['noatime', 'strictatime'], {
  set: MOUNT_ATTR.STRICTATIME,
  clear: MOUNT_ATTR.ATIME,
});
test(parsed, ['noatime', 'relatime'], { clear: MOUNT_ATTR.ATIME });
test(parsed, ['nodiratime', 'nosymfollow'], { set: MOUNT_ATTR.NODIRATIME | MOUNT_ATTR.NOSYMFOLLOW });
test(parsed, ['diratime', 'symfollow'], { clear: MOUNT_ATTR.NODIRATIME | MOUNT_ATTR.NOSYMFOLLOW });
test(parsed, ['rro', 'rnoexec'], { recursiveSet: MOUNT_ATTR.RDONLY | MOUNT_ATTR.NOEXEC });
test(parsed, ['rrw', 'rsuid'], { recursiveClear: MOUNT_ATTR.RDONLY | MOUNT_ATTR.NOSUID });
test(parsed, ['rbind', 'rslave'], { bind: 'rbind', propagation: { flag: MS.SLAVE, recursive: true } });
test(parsed, ['bind', 'shared'], { bind: 'bind', propagation: { flag: MS.SHARED, recursive: false } });
test(parsed, ['ridmap'], { idmap: 'ridmap' });
test(parsed, ['tmpcopyup'], { tmpcopyup: true });
test(parsed, ['tmpcopyup', 'notmpcopyup'], {});
test(parsed, ['size=5', 'mode=755', 'newinstance'], { data: ['size=5', 'mode=755', 'newinstance'] });
test(parsed, ['sync', 'dirsync', 'lazytime'], { data: ['sync', 'dirsync', 'lazytime'] });
test(parsed, ['async', 'defaults', 'nolazytime', 'remount'], {});
test(parsed, ['constructor', 'toString'], { data: ['constructor', 'toString'] });

test('options of the specification are told from those of file systems', (t) => {
  for (const option of [
    'ro',
    'rro',
    'rbind',
    'private',
    'runbindable',
    'sync',
    'async',
    'idmap',
    'norelatime',
    'rnostrictatime',
  ]) {
    t.true(isMountOption(option), option);
  }
  for (const option of ['size=1', 'rsize', 'hidepid=2', 'valueOf', 'r']) t.false(isMountOption(option), option);
});

test('propagation as flags of mount(2)', (t) => {
  t.is(propagationFlags('rprivate'), MS.PRIVATE | MS.REC);
  t.is(propagationFlags('shared'), MS.SHARED);
  t.is(propagationFlags('public'), undefined);
});
