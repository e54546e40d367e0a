/** tspod container clone: what the clone has of the original, and what becomes of that. */
import { existsSync } from 'node:fs';

import { onBusybox } from '../../helpers/busybox.js';
import { output, run } from '../../helpers/cli.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const FIELDS = '{{.Name}} {{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.Config.Labels.k}} {{.Path}}';

onBusybox('clone: the configuration, none of the files, names that are free', async (t, root) => {
  const create = ['--label', 'k=v', '--memory', '64m', '--pids-limit', '77', '-e', 'A=b'];
  const script = 'echo "$A $(cat /written 2>/dev/null)"; echo it > /written';
  t.is(await output(t, 'run', '--name', 'c', ...create, '--rootfs', `${root}:O`, 'sh', '-c', script), 'b \n');
  const id = (await output(t, 'container', 'clone', 'c')).trim();
  t.regex(id, /^[0-9a-f]{64}$/);
  t.is(await output(t, 'inspect', '-f', FIELDS, id), 'c-clone 67108864 77 v sh\n');
  await run(t, 0, 'container', 'clone', '/c');
  t.is(await output(t, 'inspect', '-f', '{{.Name}}', '-l'), 'c-clone1\n');
  t.is(await output(t, 'start', '-a', 'c-clone'), 'b \n', 'what the original has written is not there');
  t.is(await output(t, 'start', '-a', 'c'), 'b it\n');
});

onBusybox('clone: limits of its own, in the kernel; --run starts it', async (t, root) => {
  const limit = 'cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null || true; sleep 1000';
  await run(
    t,
    0,
    'create',
    '--name',
    'c',
    '--pids-limit',
    '77',
    '--memory',
    '64m',
    '--rootfs',
    root,
    'sh',
    '-c',
    limit,
  );
  await run(t, 0, 'container', 'clone', '--run', '--memory', '32m', '--cpus', '0.5', '--pids-limit', '66', 'c', 'd');
  const fields = '{{.State.Status}} {{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}';
  t.is(await output(t, 'inspect', '-f', fields, 'd'), 'running 33554432 500000000\n');
  t.is((await output(t, 'exec', 'd', 'sh', '-c', limit.split(';')[0] ?? '')).trim(), '66');
  t.is(await output(t, 'inspect', '-f', '{{.HostConfig.Memory}}', 'c'), '67108864\n');
  await run(t, 0, 'rm', '-f', '-t', '0', 'd');
});

onBusybox('clone --destroy: the original goes, or the clone where it may not', async (t, root) => {
  // No names that may be the beginning of an id.
  await run(t, 0, 'run', '-d', '--name', 'old', '--rootfs', root, 'sleep', '1000');
  const { stderr } = await run(t, 125, 'container', 'clone', '--destroy', 'old', 'new');
  t.regex(stderr, /as it is running - running or paused containers cannot be removed without force/);
  await run(t, 1, 'container', 'exists', 'new');
  await run(t, 0, 'container', 'clone', '--destroy', '-f', 'old', 'new');
  await run(t, 1, 'container', 'exists', 'old');
  t.is(await output(t, 'ps', '-a', '--format', '{{.Names}} {{.State}}'), 'new created\n');
});

onBusybox('clone: files with ids and pids stay those of the original', async (t, root) => {
  const directory = temporaryDirectory(t);
  const [cid, pid] = [`${directory}/cid`, `${directory}/pid`];
  await run(t, 0, 'create', '--name', 'c', '--cidfile', cid, '--pidfile', pid, '--rootfs', root, 'true');
  await run(t, 0, 'container', 'clone', '--run', 'c', 'd');
  await run(t, 0, 'wait', 'd');
  t.false(existsSync(pid));
  t.is(await output(t, 'ps', '-a', '--format', '{{.Names}}{{.CIDFile}}', '-f', 'name=d'), 'd\n');
});

onBusybox('clone: what makes no sense is refused', async (t, root) => {
  await run(t, 0, 'create', '--name', 'c', '--rootfs', root, 'true');
  const refused = async (message: RegExp, ...args: string[]): Promise<void> => {
    t.regex((await run(t, 125, 'container', 'clone', ...args)).stderr, message);
  };
  await refused(/no container with name or ID "nosuch" found: no such container/, 'nosuch');
  await refused(/accepts between 1 and 3 arg\(s\), received 0/);
  await refused(/cannot set --force without --destroy/, '-f', 'c');
  await refused(/is already in use/, 'c', 'c');
  await refused(/a different image for a clone is not supported yet/, 'c', 'd', 'busybox');
  await refused(/no pod with name or ID p found: no such pod/, '--pod', 'p', 'c');
  await refused(/names must match/, '--name', 'a/b', 'c');
  t.is(await output(t, 'ps', '-aq'), await output(t, 'ps', '-q', '-n', '1'), 'no clone was made');
});
