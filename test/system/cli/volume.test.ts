/** Volumes on the command line: in the words of Podman, with its exit statuses. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { busyboxRoot } from '../../helpers/busybox.js';
import { output, run, runWith, storeOf } from '../../helpers/cli.js';
import { requires } from '../../helpers/requires.js';

const ready = (t: ExecutionContext<unknown>) => requires(t, 'root', 'busybox');

test('volume create, ls, inspect, exists and rm', async (t) => {
  if (!ready(t)) return;
  const { root } = storeOf(t);
  const volume = (...args: string[]) => output(t, 'volume', ...args);
  t.is(await volume('ls'), '');
  t.is(await volume('create', '-l', 'a=b', '--uid', '5', '-o', 'o=gid=6', 'data'), 'data\n');
  t.regex(await volume('create'), /^[0-9a-f]{64}\n$/);
  const { uid, gid } = statSync(join(root, 'volumes/data/_data'));
  t.deepEqual([uid, gid], [5, 6]);
  t.is(await volume('create', '--ignore', 'data'), 'data\n');
  const exists = await run(t, 125, 'volume', 'create', 'data');
  t.is(exists.stderr, 'Error: volume with name data already exists: volume already exists\n');
  t.is(await volume('ls', '--filter', 'name=data'), 'DRIVER      VOLUME NAME\nlocal       data\n');
  t.is(await volume('ls', '-n', '--filter', 'label=a'), 'local       data\n');
  t.is(await volume('ls', '-q', '--filter', 'opt=o'), 'data\n');
  const format = '{{.Name}} {{.Labels}} {{.Scope}} {{.UID}}';
  t.is(await volume('ls', '--filter', 'name=data', '--format', format), 'data map[a:b] local 5\n');
  t.is(await volume('ls', '--filter', 'name=data', '--format', 'table {{.Name}}'), 'VOLUME NAME\ndata\n');
  const [inspected] = JSON.parse(await volume('inspect', 'data')) as Record<string, unknown>[];
  const { CreatedAt, ...rest } = inspected ?? {};
  t.regex(String(CreatedAt), /^2\d{3}-.*Z$/);
  t.deepEqual(rest, {
    Name: 'data',
    Driver: 'local',
    Mountpoint: `${root}/volumes/data/_data`,
    Labels: { a: 'b' },
    Scope: 'local',
    Options: { o: 'gid=6' },
    UID: 5,
    GID: 6,
    MountCount: 0,
    NeedsCopyUp: true,
  });
  t.is(await volume('inspect', '-f', '{{.Mountpoint}}', 'dat'), `${root}/volumes/data/_data\n`);
  t.is((await volume('inspect', '--all', '-f', '{{.Name}}')).split('\n').length, 3);
  t.is(await output(t, 'inspect', '--type', 'volume', '-f', '{{.Name}}', 'data'), 'data\n');
  t.is(await output(t, 'inspect', '-f', '{{.Name}}', 'data'), 'data\n');
  t.is((await run(t, 125, 'volume', 'inspect', 'no')).stderr, 'Error: inspecting object: no such volume no\n');
  t.is(await volume('mount', 'data'), `${root}/volumes/data/_data\n`);
  t.is(await volume('unmount', 'data'), 'data\n');
  await run(t, 0, 'volume', 'exists', 'data');
  await run(t, 1, 'volume', 'exists', 'nope');
  await run(t, 1, 'volume', 'mount', 'nope');
  t.is((await run(t, 1, 'volume', 'rm', 'nope')).stderr, 'Error: no volume with name "nope" found: no such volume\n');
  t.is((await run(t, 0, 'volume', 'rm', '--force', 'nope')).stdout, '');
  t.is(await volume('rm', 'data'), 'data\n');
  t.regex(await volume('rm', '--all'), /^[0-9a-f]{64}\n$/);
  t.regex((await run(t, 125, 'volume', 'rm')).stderr, /^Error: choose either one or more volumes or all/);
  t.regex((await run(t, 125, 'volume', 'rm', '-t', '3', 'x')).stderr, /--force option must be specified/);
  t.regex((await run(t, 125, 'volume', 'create', '-d', 'nfs', 'x')).stderr, /no volume plugin with name nfs available/);
  t.regex((await run(t, 125, 'volume', 'inspect')).stderr, /provide one or more volume names or use --all/);
});

test('volume rm removes what was named when it began, each once; exists wants whole names', async (t) => {
  if (!ready(t)) return;
  for (const name of ['data', 'data-1', 'data-2', 'x-long']) await run(t, 0, 'volume', 'create', name);
  await run(t, 1, 'volume', 'exists', 'x-l');
  t.is(await output(t, 'volume', 'rm', '--force', 'data', 'data', 'none', 'x-l'), 'data\nx-l\n');
  t.is(await output(t, 'volume', 'ls', '-q'), 'data-1\ndata-2\n');
  const ambiguous = await run(t, 125, 'volume', 'rm', 'data-1', 'data-');
  t.is(ambiguous.stdout, 'data-1\n');
  t.regex(ambiguous.stderr, /^Error: more than one result for volume name "data-"/);
  t.is(await output(t, 'volume', 'ls', '-q'), 'data-2\n');
  t.is(await output(t, 'volume', 'rm', 'data-2', 'data-', 'data-2'), 'data-2\n');
});

test('volumes of containers: -v, --mount, ps, inspect, rm -v, prune', async (t) => {
  if (!ready(t)) return;
  const rootfs = busyboxRoot(t);
  const { root } = storeOf(t);
  const program = ['--rootfs', rootfs, 'sh', '-c'];
  await run(t, 0, 'run', '--rm', '-v', 'v:/v', ...program, 'echo one > /v/f');
  const mounted = ['-v', 'v:/a:ro,z', '-v', '/anon', '--mount', 'type=volume,source=w,target=/w,volume-nocopy,noexec'];
  const id = (await output(t, 'create', '--name', 'c', ...mounted, ...program, 'cat /a/f')).trim();
  t.is(await output(t, 'start', '--attach', 'c'), 'one\n');
  t.is(await output(t, 'ps', '-a', '--format', '{{.Mounts}}', '--filter', 'volume=v'), '[/a /anon /w]\n');
  t.is(await output(t, 'ps', '-aq', '--filter', 'volume=nope'), '');
  const format = '{{range .Mounts}}{{.Type}} {{.Destination}} {{.Driver}} {{.Mode}} {{.RW}} {{.Options}}\n{{end}}';
  t.is(
    await output(t, 'inspect', '-f', format, 'c'),
    'volume /a local z false [nosuid nodev rbind]\nvolume /anon local  true [nosuid nodev rbind]\n' +
      'volume /w local  true [nocopy noexec nosuid nodev rbind]\n\n',
  );
  t.regex(
    await output(t, 'inspect', '-f', '{{index .HostConfig.Binds 0}}', 'c'),
    /^v:\/a:ro,z,rprivate,nosuid,nodev,rbind\n$/,
  );
  t.is(
    (await run(t, 2, 'volume', 'rm', 'v', 'nope')).stderr,
    `Error: volume v is being used by the following container(s): ${id}: volume is being used\n` +
      'Error: no volume with name "nope" found: no such volume\n',
  );
  t.is((await output(t, 'volume', 'ls', '-q', '--filter', 'dangling=false')).split('\n').length, 4);
  await run(t, 0, 'create', '--name', 'd', '--volumes-from', 'c:ro', ...program, 'cat /a/f');
  await run(t, 0, 'rm', '-v', 'c');
  t.is((await output(t, 'volume', 'ls', '-q', '--filter', 'anonymous=1')).length, 65, 'd has it as well');
  await run(t, 0, 'rm', 'd');
  const nameless = await output(t, 'volume', 'create');
  t.regex(await output(t, 'volume', 'prune', '--dry-run'), /^[0-9a-f]{64}\n$/);
  t.regex(await output(t, 'volume', 'prune', '--force'), /^[0-9a-f]{64}\n$/);
  t.is(await output(t, 'volume', 'rm', nameless.trim()), nameless, 'it was not made for a container');
  const asked = await runWith(t, { input: 'n\n' }, 0, 'volume', 'prune', '--all');
  t.regex(asked.stdout, /^WARNING! This will remove all volumes [^]*will be removed:\nv\nw\nAre you sure/);
  await run(t, 0, 'create', '--name', 'e', '-v', 'w:/w', ...program, 'true');
  t.is(await output(t, 'volume', 'rm', '--force', 'w'), 'w\n');
  t.is(await output(t, 'ps', '-aq'), '');
  t.is(readFileSync(join(root, 'volumes/v/_data/f'), 'utf8'), 'one\n');
  t.is(await output(t, 'system', 'prune', '--force', '--volumes'), 'Deleted Volumes\nv\nTotal reclaimed space: 4B\n');
  t.regex(
    await output(t, 'events', '--stream=false', '--filter', 'volume=w'),
    / volume create w\n.* volume remove w\n$/,
  );
});

test('volume export and import', async (t) => {
  if (!ready(t)) return;
  const { root } = storeOf(t);
  await run(t, 0, 'volume', 'create', 'v');
  writeFileSync(join(root, 'volumes/v/_data/f'), 'content');
  const file = join(root, 'v.tar');
  await run(t, 0, 'volume', 'export', '-o', file, 'v');
  await run(t, 0, 'volume', 'create', 'w');
  await run(t, 0, 'volume', 'import', 'w', file);
  t.is(readFileSync(join(root, 'volumes/w/_data/f'), 'utf8'), 'content');
  await run(t, 0, 'volume', 'create', 'x');
  await runWith(t, { input: await output(t, 'volume', 'export', 'w') }, 0, 'volume', 'import', 'x', '-');
  t.is(readFileSync(join(root, 'volumes/x/_data/f'), 'utf8'), 'content');
  t.is((await run(t, 125, 'volume', 'import', 'w', '/none')).stderr, 'Error: open /none: no such file or directory\n');
});
