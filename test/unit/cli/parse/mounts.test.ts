import test from 'ava';

import { parseDevice, parseMount, parseTmpfs, parseVolume } from '../../../../src/cli/parse/mounts.js';
import { fakeCaller } from '../caller.js';

const CALLER = fakeCaller();
const volume = (text: string): unknown => parseVolume(text, CALLER);
const mount = (text: string): unknown => parseMount(text, CALLER);

const reads = test.macro<[(text: string) => unknown, string, unknown]>({
  exec: (t, parse, text, expected) => t.deepEqual(parse(text), expected),
  title: (flag = '', _, text) => `${flag} ${text}`,
});

const refuses = test.macro<[(text: string) => unknown, string, string]>({
  exec: (t, parse, text, message) => {
    t.is(t.throws(() => parse(text))?.message, message);
  },
  title: (flag = '', _, text) => `${flag} ${JSON.stringify(text)} is refused`,
});

const NO_OTHERS = 'directories of the host, volumes, images and file systems can be mounted';

test('-v', reads, volume, '/a:/b', { type: 'bind', source: '/a', target: '/b' });
test('-v', reads, volume, '/a:/b:ro,Z', { type: 'bind', source: '/a', target: '/b', options: ['ro', 'Z'] });
test('-v', reads, volume, './a:/b', { type: 'bind', source: '/here/a', target: '/b' });
test('-v', reads, volume, '.:/b', { type: 'bind', source: '/here', target: '/b' });
test('-v', reads, volume, '../a:/b', { type: 'bind', source: '/a', target: '/b' });
test(
  '-v',
  refuses,
  volume,
  '/a:/b:ro:rw',
  '/a:/b:ro:rw: incorrect volume format, should be [host-dir:]ctr-dir[:option]',
);
test('-v', refuses, volume, ':/b', 'host directory cannot be empty');
test('-v', refuses, volume, '/a:', 'container directory cannot be empty');
test('-v', refuses, volume, '/a:b', 'invalid container path "b", must be an absolute path');
test('-v', reads, volume, 'data:/b', { type: 'volume', source: 'data', target: '/b' });
test('-v', reads, volume, 'data:/b:ro,nocopy', {
  type: 'volume',
  source: 'data',
  target: '/b',
  options: ['ro', 'nocopy'],
});
test('-v', reads, volume, '/b', { type: 'volume', target: '/b' });
test('-v', refuses, volume, 'data', 'invalid container path "data", must be an absolute path');
test('-v', reads, volume, '/a:/b:copy', { type: 'bind', source: '/a', target: '/b', options: ['copy'] });
test('-v', refuses, volume, '/a:/b:', 'invalid option type ""');
test('-v', refuses, volume, 'data:/b:ro,', 'invalid option type ""');
test(
  '-v',
  refuses,
  volume,
  'data:/b:copy,nocopy',
  "invalid options \"copy, nocopy\", can only specify 1 'copy' or 'nocopy' option",
);
test('-v', reads, volume, 'data:/b:O,ro', { type: 'volume', source: 'data', target: '/b', options: ['O', 'ro'] });
test('-v', reads, volume, './a:/b:O', { type: 'bind', source: '/here/a', target: '/b', options: ['O'] });
test('-v', refuses, volume, '/a:/b:O,ro', "can't use 'O' with other options");
test('-v', refuses, volume, '/a:/b:O,z', "invalid options \"O, z\", can only specify 1 'z', 'Z', or 'O' option");
test(
  '-v',
  refuses,
  volume,
  '/a:/b:O,upperdir=/u,workdir=/w',
  'upperdir with O is not supported yet: what the container writes is kept with the container',
);

test('--tmpfs', reads, parseTmpfs, '/t', { type: 'tmpfs', target: '/t' });
test('--tmpfs', reads, parseTmpfs, '/t:size=1m,mode=700', {
  type: 'tmpfs',
  target: '/t',
  options: ['size=1m', 'mode=700'],
});
test('--tmpfs', refuses, parseTmpfs, 't', 'invalid container path "t", must be an absolute path');

test('--mount', reads, mount, 'type=bind,src=/a,dst=/b', { type: 'bind', source: '/a', target: '/b' });
test('--mount', reads, mount, 'type=bind,source=a,destination=/b,ro', {
  type: 'bind',
  source: '/here/a',
  target: '/b',
  options: ['ro'],
});
test('--mount', reads, mount, 'type=bind,src=/a,target=/b,readonly=false', {
  type: 'bind',
  source: '/a',
  target: '/b',
  options: ['rw'],
});
test('--mount', reads, mount, 'type=bind,src=/a,dst=/b,bind-propagation=rslave', {
  type: 'bind',
  source: '/a',
  target: '/b',
  options: ['rslave'],
});
test('--mount', reads, mount, 'type=bind,src=/a,dst=/b,relabel=private,U', {
  type: 'bind',
  source: '/a',
  target: '/b',
  options: ['Z', 'U'],
});
test('--mount', reads, mount, 'type=bind,src=/a,dst=/b,bind-nonrecursive', {
  type: 'bind',
  source: '/a',
  target: '/b',
  options: ['bind'],
});
test('--mount', reads, mount, '"type=bind","src=/a,b",dst=/c', { type: 'bind', source: '/a,b', target: '/c' });
test('--mount', reads, mount, 'type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=0700,notmpcopyup', {
  type: 'tmpfs',
  target: '/t',
  options: ['size=1048576', 'mode=0700', 'notmpcopyup'],
});
test('--mount', reads, mount, 'type=devpts,dst=/p,gid=5,ptmxmode=0666', {
  type: 'devpts',
  target: '/p',
  options: ['gid=5', 'ptmxmode=0666'],
});
test('--mount', reads, mount, 'type=ramfs,dst=/r', { type: 'ramfs', target: '/r' });
test('--mount', refuses, mount, 'type=foo,dst=/x', 'invalid filesystem type "foo"');
test('--mount', reads, mount, 'type=volume,dst=/x', { type: 'volume', target: '/x' });
test('--mount', reads, mount, 'type=volume,src=v,dst=/x,ro,volume-nocopy', {
  type: 'volume',
  source: 'v',
  target: '/x',
  options: ['ro', 'nocopy'],
});
test('--mount', reads, mount, 'type=image,source=i:1,destination=/x', {
  type: 'image',
  source: 'i:1',
  target: '/x',
  options: ['ro'],
});
test('--mount', reads, mount, 'type=image,src=i:1,dst=/x,rw=true', {
  type: 'image',
  source: 'i:1',
  target: '/x',
  options: ['rw'],
});
test('--mount', refuses, mount, 'type=image,dst=/x', 'must set source and destination for image volume');
test('--mount', refuses, mount, 'type=image,src=x', 'must set source and destination for image volume');
test('--mount', refuses, mount, 'type=image,src=x,dst=/x,rw=foo', 'invalid rw value "foo": invalid mount option');
test('--mount', refuses, mount, 'type=image,src=x,dst=/x,ro', 'ro: invalid mount option');
test('--mount', refuses, mount, 'type=glob,src=x,dst=/x', `--mount type=glob is not supported yet: ${NO_OTHERS}`);
test('--mount', refuses, mount, 'type=bind,src=/a', 'must set volume destination');
test('--mount', reads, mount, 'type=bind,dst=/a', { type: 'bind', source: '/a', target: '/a' });
test('--mount', refuses, mount, 'type=bind,src=,dst=/a', 'host directory cannot be empty');
test('--mount', reads, mount, 'type=bind,src=/a,dst=/b,consistency=delegated', {
  type: 'bind',
  source: '/a',
  target: '/b',
});
test('--mount', reads, mount, 'type=image,src=i:1,dst=/x,consistency=cached', {
  type: 'image',
  source: 'i:1',
  target: '/x',
  options: ['ro'],
});
test(
  '--mount',
  refuses,
  mount,
  'type=image,src=i:1,dst=/x,subpath=/bin',
  'subpath of an image mount is not supported yet: the whole image can be mounted',
);
for (const [text, options] of [
  ['z', ['z']],
  ['Z', ['Z']],
  ['rw', ['rw']],
  ['rw=false', ['ro']],
  ['ro=True', ['ro']],
  ['readonly=FALSE', ['rw']],
] as const)
  test('--mount', reads, mount, `type=bind,src=/a,dst=/b,${text}`, {
    type: 'bind',
    source: '/a',
    target: '/b',
    options,
  });
test(
  '--mount',
  refuses,
  mount,
  'type=bind,src=/a,dst=/b,z,relabel=private',
  "cannot pass 'z', 'Z', or 'relabel' options more than once",
);
test('--mount', refuses, mount, 'type=bind,src=/a,dst=b', 'invalid container path "b", must be an absolute path');
test('--mount', refuses, mount, 'type=bind,src=/a,dst=/b,foo=bar', 'foo: invalid mount option');
test(
  '--mount',
  refuses,
  mount,
  'type=bind,src=/a,dst=/b,ro=maybe',
  'ro must be set to true or false, instead received "maybe"',
);
test(
  '--mount',
  refuses,
  mount,
  'type=bind,src=/a,dst=/b,relabel=x',
  "relabel: invalid mount option \"x\": must be 'private' or 'shared'",
);
test('--mount', refuses, mount, 'type=tmpfs,src=/a,dst=/b', 'cannot use a source with a mount of type tmpfs');
test(
  '--mount',
  refuses,
  mount,
  'type=tmpfs,dst',
  'dst: must provide an argument for option: option requires an argument',
);
test(
  '--mount',
  refuses,
  mount,
  'src=/a',
  'incorrect mount format: should be --mount type=<bind|volume|image|tmpfs|devpts|ramfs>,[src=<host-dir|volume-name|image>,]target=<ctr-dir>[,options]',
);

test('--device', reads, parseDevice, '/dev/a', { source: '/dev/a' });
test('--device', reads, parseDevice, '/dev/a:/dev/b', { source: '/dev/a', target: '/dev/b' });
test('--device', reads, parseDevice, '/dev/a:rw', { source: '/dev/a', access: 'rw' });
test('--device', reads, parseDevice, '/dev/a:/dev/b:r', { source: '/dev/a', target: '/dev/b', access: 'r' });
test('--device', refuses, parseDevice, '', 'invalid device specification: ');
test('--device', refuses, parseDevice, '/dev/a:/dev/b:q', 'invalid device mode: q');
test('--device', refuses, parseDevice, '/dev/a:/dev/b:rr', 'invalid device mode: rr');
test('--device', refuses, parseDevice, '/dev/a:/dev/b:r:w', 'invalid device specification: /dev/a:/dev/b:r:w');

test('-v: options that say the same thing twice are refused', (t) => {
  const refused = (options: string, message: string): void => {
    t.is(t.throws(() => parseVolume(`/a:/b:${options}`, CALLER))?.message, message);
  };
  refused('rw,ro', `invalid options "rw, ro", can only specify 1 'rw' or 'ro' option`);
  refused('noexec,exec', `invalid options "noexec, exec", can only specify 1 'noexec' or 'exec' option`);
  refused(
    'rprivate,shared',
    `invalid options "rprivate, shared", can only specify 1 '[r]shared', '[r]private', '[r]slave' or '[r]unbindable' option`,
  );
  t.notThrows(() => parseVolume('/a:/b:ro,nosuid,nodev,noexec,rslave,z', CALLER));
});

test('--tmpfs and --mount: a size is given once, and so is the access', (t) => {
  const size = 'only one tmpfs size can be specified: duplicate mount option passed';
  t.is(t.throws(() => parseTmpfs('/a:size=1m,size=2m'))?.message, size);
  t.is(t.throws(() => parseMount('type=tmpfs,dst=/a,size=1m,tmpfs-size=2m', CALLER))?.message, size);
  t.is(
    t.throws(() => parseTmpfs('/a:rw,ro'))?.message,
    "only one of 'rw' and 'ro' can be used: duplicate mount option passed",
  );
  t.is(
    t.throws(() => parseMount('type=bind,src=/a,dst=/b,ro,readonly=false', CALLER))?.message,
    "cannot pass 'readonly', 'ro', or 'rw' options more than once: must provide an argument for option",
  );
});
