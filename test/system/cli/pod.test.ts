/** `tspod pod`, and containers that are created in pods: each flag with its effect, texts and exit statuses. */
import { once } from 'node:events';
import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ExecutionContext } from 'ava';

import { create, field, member, onPods } from '../../helpers/cli-pods.js';
import { collect, output, run, runWith, start } from '../../helpers/cli.js';
import { until } from '../../helpers/until.js';
import { removeCgroups } from '../../helpers/engine.js';
import { cgroupTops, testCgroupManager } from '../../helpers/leaks.js';
import { ownNetwork } from '../../helpers/own-network.js';
import { requires, skip } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

async function shell(t: ExecutionContext, container: string, script: string): Promise<string> {
  return (await output(t, 'exec', container, 'sh', '-c', script)).trim();
}

/** Kinds of namespaces that two containers have in common. */
async function common(t: ExecutionContext, one: string, other: string): Promise<readonly string[]> {
  const pids = await Promise.all([one, other].map((name) => field(t, name, '{{.State.Pid}}')));
  const kinds = ['cgroup', 'ipc', 'net', 'pid', 'uts'];
  return kinds.filter((kind) => new Set(pids.map((pid) => readlinkSync(`/proc/${pid}/ns/${kind}`))).size === 1);
}

onPods('pod create: prints the id; ps, exists and inspect see it', async (t) => {
  const id = await create(t, '--label', 'a=b', '--name', 'web');
  const group = await create(t, '--infra=false', 'group');
  await run(t, 0, 'pod', 'exists', 'web');
  await run(t, 0, 'pod', 'exists', id.slice(0, 10));
  await run(t, 1, 'pod', 'exists', 'nosuch');
  t.is(await output(t, 'pod', 'ps', '-q'), `${group.slice(0, 12)}\n${id.slice(0, 12)}\n`);
  t.is(await output(t, 'pod', 'ls', '-q', '--no-trunc'), `${group}\n${id}\n`);
  t.is(await output(t, 'pod', 'list', '-ql', '--no-trunc'), `${group}\n`);
  const [heading = '', ...lines] = (await output(t, 'pod', 'ps')).trimEnd().split('\n');
  t.regex(heading, /^POD ID +NAME +STATUS +CREATED +INFRA ID +# OF CONTAINERS$/);
  t.regex(lines[0] ?? '', /^[0-9a-f]{12} +group +Created +.* ago {2,}0$/);
  t.regex(lines[1] ?? '', /^[0-9a-f]{12} +web +Created +.* ago +[0-9a-f]{12} +1$/);
  t.is((await output(t, 'pod', 'ps', '-n')).split('\n').length, 3);
  t.is(await output(t, 'pod', 'ps', '--sort', 'name', '--noheading', '--format', 'table {{.Name}}'), 'group\nweb\n');
  t.is(await output(t, 'pod', 'ps', '--sort', 'number', '--format', '{{.Name}}'), 'group\nweb\n');
  t.is(await output(t, 'pod', 'ps', '-f', 'label=a', '--format', '{{.Name}}'), 'web\n');
  t.is(await output(t, 'pod', 'ps', '-f', 'ctr-number=0', '--format', '{{.Name}}'), 'group\n');
  t.is((await run(t, 125, 'pod', 'ps', '-f', 'foo=bar')).stderr, 'Error: foo is an invalid filter\n');
  t.is((await run(t, 125, 'pod', 'ps', '-f', 'status=foo')).stderr, 'Error: foo is not a valid pod status\n');
  await run(t, 125, 'pod', 'ps', '--sort', 'foo');
  t.is(
    (await run(t, 125, 'pod', 'ps', '-q', '--format', 'json')).stderr,
    'Error: quiet and format cannot be used together\n',
  );
  const wide = await output(t, 'pod', 'ps', '--ctr-names', '--ctr-ids', '--ctr-status', '--ns', '-f', 'name=web');
  const infra = (await output(t, 'pod', 'inspect', '-f', '{{.InfraContainerID}}', 'web')).trim();
  t.regex(wide, /INFRA ID +IDS +NAMES +STATUS +NAMESPACES\n/);
  const cells = [infra.slice(0, 12), infra.slice(0, 12), `${id.slice(0, 12)}-infra`, 'created', 'ipc,net,uts'];
  t.regex(wide, new RegExp(`${cells.join(' +')}\n$`));
  const [listed] = JSON.parse(await output(t, 'pod', 'ps', '--format', 'json', '-f', 'name=web')) as [object];
  t.like(listed, { Id: id, Name: 'web', Status: 'Created', InfraId: infra, Labels: { a: 'b' } });
});

onPods('pod inspect: as JSON, by templates, and among other objects', async (t, root) => {
  const id = await create(t, '--label', 'a=b', 'web');
  const [found] = JSON.parse(await output(t, 'pod', 'inspect', 'web')) as [object];
  t.like(found, { Id: id, Name: 'web', State: 'Created', ExitPolicy: 'continue', NumContainers: 1 });
  t.like(found, { CreateCommand: ['tspod', 'pod', 'create', '--label', 'a=b', 'web'] });
  const template = '{{.ID}} {{.Labels.a}} {{.InfraConfig.PidNS}} {{range .Containers}}{{.State}}{{end}}';
  t.is(await output(t, 'pod', 'inspect', '-l', '-f', template), `${id} b private created\n`);
  t.is(await output(t, 'inspect', '--type', 'pod', '-f', '{{.Name}}', id), 'web\n');
  t.is(await output(t, 'inspect', '-f', '{{.NumContainers}}', 'web'), '1\n');
  t.is(
    (await run(t, 125, 'inspect', '--type', 'pod', 'nosuch')).stderr,
    'Error: inspecting object: no such pod nosuch\n',
  );
  const { stdout, stderr } = await run(t, 125, 'pod', 'inspect', 'nosuch', 'web');
  t.is(stderr, 'Error: inspecting object: no such pod nosuch\n');
  t.is((JSON.parse(stdout) as unknown[]).length, 1);
  // a container of the same name comes first
  await run(t, 0, 'create', '--name', 'web', '--rootfs', root, 'true');
  t.is(await output(t, 'inspect', '-f', '{{.State.Status}}', 'web'), 'created\n');
  t.is(await output(t, 'inspect', '--type', 'pod', '-f', '{{.State}}', 'web'), 'Created\n');
  await run(t, 0, 'network', 'create', 'lan');
  t.is(await output(t, 'inspect', '-f', '{{.Driver}}', 'lan'), 'bridge\n');
  t.is(await output(t, 'inspect', '--type', 'network', '-f', '{{.Name}}', 'lan'), 'lan\n');
});

onPods('pod create: refused command lines', async (t) => {
  const refused = async (message: string, ...args: string[]): Promise<void> => {
    t.is((await run(t, 125, 'pod', 'create', ...args)).stderr, `Error: ${message}\n`);
  };
  await create(t, 'web');
  await refused('name "web" is in use: pod already exists', 'web');
  await refused('accepts at most 1 arg(s), received 2', 'a', 'b');
  await refused('cannot specify --name and NAME at the same time', '-n', 'a', 'b');
  await refused('cannot replace pod without --name being set', '--replace');
  await refused(
    'invalid kernel namespace to share: foo. Options are: cgroup, ipc, net, pid, uts or none',
    '--share',
    'foo',
  );
  await refused('cannot set share(net) namespaces without an infra container', '--infra=false', '--share', 'net');
  await refused('you must have an infra container to publish port bindings to the host', '--infra=false', '-p', '80');
  const noPorts = 'ports can only be published when the network mode is bridge, not';
  await refused(`${noPorts} none`, '--network', 'none', '-p', '80');
  await refused(`${noPorts} host`, '--network', 'host', '-p', '80:80');
  const forOne = ['create', '--pod', 'new:p', '--network', 'none', '-p', '80', '--rootfs', '/nowhere', 'true'];
  t.is((await run(t, 125, ...forOne)).stderr, `Error: ${noPorts} none\n`);
  await refused('cannot set infra-name without an infra container', '--infra=false', '--infra-name', 'x');
  await refused('running pod create option: invalid pod exit policy: "foo"', '--exit-policy', 'foo');
  t.regex((await run(t, 125, 'pod', 'create', '--security-opt', 'x=y')).stderr, /--security-opt is not supported/);
  t.is((await output(t, 'pod', 'ps', '--noheading')).split('\n').length, 2, 'nothing was made');
});

onPods('pod create --replace, --pod-id-file', async (t, root) => {
  const file = join(temporaryDirectory(t), 'web.id');
  const id = await create(t, '--pod-id-file', file, 'web');
  t.is(readFileSync(file, 'utf8'), id);
  const { stderr } = await run(t, 125, 'pod', 'create', '--pod-id-file', file, 'two');
  t.is(stderr, `Error: pod id file exists. Ensure another pod is not using it or delete ${file}\n`);
  await run(t, 1, 'pod', 'exists', 'two');
  await member(t, root, '--name', 'one', '--pod', 'web');
  const other = await create(t, '--replace', '--name', 'web');
  t.not(other, id);
  await run(t, 1, 'container', 'exists', 'one');
  await run(t, 1, 'pod', 'exists', id);
  // the file of one that is not made is not left
  const unused = `${file}.2`;
  await run(t, 125, 'pod', 'create', '--pod-id-file', unused, 'web');
  t.false(existsSync(unused));
  for (const verb of ['start', 'stop', 'rm'])
    t.is(
      (await run(t, 125, 'pod', verb, '--pod-id-file', unused)).stderr,
      `Error: reading pod ID file: open ${unused}: no such file or directory\n`,
    );
  writeFileSync(unused, `${other}\n`);
  for (const verb of ['start', 'stop', 'rm']) t.is(await output(t, 'pod', verb, '--pod-id-file', unused), `${other}\n`);
});

onPods('pod create --share, --share-parent, --uts, --pid', async (t, root) => {
  const shared = async (...flags: string[]): Promise<readonly string[]> => {
    await create(t, ...flags, 'p');
    const [one, other] = [await member(t, root, '--pod', 'p'), await member(t, root, '--pod', 'p')];
    const kinds = await common(t, one, other);
    await run(t, 0, 'pod', 'rm', '-f', '-t', '0', 'p');
    return kinds;
  };
  t.deepEqual(await shared(), ['ipc', 'net', 'uts']);
  t.deepEqual(await shared('--share', 'ipc'), ['ipc']);
  t.deepEqual(await shared('--share', '+pid'), ['ipc', 'net', 'pid', 'uts']);
  t.deepEqual(await shared('--share', 'cgroup,ipc', '--share-parent=false'), ['cgroup', 'ipc']);
  t.deepEqual(await shared('--share', 'none'), []);
  t.deepEqual(await shared('--infra=false'), []);
  await create(t, '--pid', 'host', '--uts', 'host', '--share', 'pid,uts', 'host');
  await member(t, root, '--name', 'c', '--pod', 'host');
  const pid = await field(t, 'c', '{{.State.Pid}}');
  for (const kind of ['pid', 'uts'])
    t.is(readlinkSync(`/proc/${pid}/ns/${kind}`), readlinkSync(`/proc/self/ns/${kind}`), kind);
});

onPods('pod create: what belongs to the pod is seen in its containers', async (t, root) => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'note'), 'from the host\n');
  const files = ['-v', `${directory}:/data:ro`, '--shm-size', '1m', '--device', '/dev/zero:/dev/nought'];
  const names = ['--add-host', 'other:192.0.2.7'];
  const own = [
    '--hostname',
    'here',
    '--infra-name',
    'keeper',
    '--sysctl',
    'net.ipv4.ip_forward=1',
    '--restart',
    'on-failure:3',
  ];
  await create(t, ...own, ...names, ...files, 'web');
  await member(t, root, '--name', 'c', '--pod', 'web');
  t.is(await shell(t, 'c', 'hostname; cat /data/note; grep -c "192.0.2.7.other" /etc/hosts'), 'here\nfrom the host\n1');
  t.is(await shell(t, 'c', 'test -c /dev/nought; echo $?'), '0');
  t.regex(await shell(t, 'c', 'grep /dev/shm /proc/mounts'), /size=1024k/);
  t.is(await shell(t, 'c', 'cat /proc/sys/net/ipv4/ip_forward'), '1');
  t.is(
    await field(t, 'c', '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}'),
    'on-failure 3',
  );
  t.is(await field(t, 'keeper', '{{.IsInfra}} {{.State.Status}}'), 'true running');
  const { stderr } = await run(t, 125, 'create', '--pod', 'web', '--hostname', 'x', '--rootfs', root, 'true');
  t.is(stderr, 'Error: cannot set hostname when joining the pod UTS namespace: invalid configuration\n');
});

onPods('pod create --volumes-from, --no-hosts, --no-hostname, --infra-conmon-pidfile', async (t, root) => {
  const directory = temporaryDirectory(t);
  const pidFile = join(directory, 'pid');
  await run(t, 0, 'create', '--name', 'donor', '-v', `${directory}:/given`, '--rootfs', root, 'true');
  const flags = ['--volumes-from', 'donor', '--no-hosts', '--no-hostname', '--infra-conmon-pidfile', 'pid'];
  await runWith(t, { directory }, 0, 'pod', 'create', ...flags, 'web');
  await member(t, root, '--name', 'c', '--pod', 'web');
  t.is(await shell(t, 'c', 'ls /given'), 'pid');
  t.regex(readFileSync(`/proc/${readFileSync(pidFile, 'utf8').trim()}/comm`, 'utf8'), /^tspod-monitor/);
  await run(t, 0, 'pod', 'rm', '-f', '-t', '0', 'web');
});

onPods('pod create --memory, --cpus, ...: limits of the cgroup that its containers lie in', async (t, root) => {
  const id = await create(t, '-m', '64m', '--cpus', '0.5', '--cpu-shares', '512', '--cpuset-cpus', '0', 'web');
  await member(t, root, '--name', 'c', '--pod', 'web');
  const lines = readFileSync(`/proc/${await field(t, 'c', '{{.State.Pid}}')}/cgroup`, 'utf8').split('\n');
  const path = lines.find((line) => line.includes(id))?.replace(/^[^:]*:[^:]*:/, '') ?? '';
  const [, above = ''] = new RegExp(`^(.*pod_${id}(?:\\.slice)?)/`).exec(path) ?? [];
  t.not(above, '', path);
  const read = (...files: string[]): string => {
    const found = cgroupTops()
      .flatMap((top) => files.map((file) => `${top}${above}/${file}`))
      .find((file) => existsSync(file));
    return found === undefined ? `no ${files.join(', ')}` : readFileSync(found, 'utf8').trim();
  };
  t.is(read('memory.max', 'memory.limit_in_bytes'), '67108864');
  t.regex(read('cpu.max', 'cpu.cfs_quota_us'), /^50000/);
  t.is(read('cpuset.cpus'), '0');
  const [inspected] = JSON.parse(await output(t, 'pod', 'inspect', 'web')) as [object];
  t.like(inspected, { memory_limit: 67108864, cpu_shares: 512, cpuset_cpus: '0' });
  t.is(await output(t, 'pod', 'inspect', '-f', '{{.MemoryLimit}} {{.CPUSetCPUs}}', 'web'), '67108864 0\n');
});

onPods('pod create --userns, --uidmap: the containers share the namespace', async (t, root) => {
  await create(t, '--uidmap', '0:100000:1000', 'web');
  await member(t, root, '--name', 'c', '--pod', 'web');
  t.regex(await shell(t, 'c', 'cat /proc/self/uid_map'), /^ *0 +100000 +1000$/);
});

onPods('pod create --infra-image, --infra-command', async (t, root) => {
  const archive = join(temporaryDirectory(t), 'root.tar');
  await run(t, 0, 'create', '--name', 'source', '--rootfs', root, 'true');
  await run(t, 0, 'export', '-o', archive, 'source');
  await run(t, 0, 'import', '-c', 'CMD ["sleep","4000"]', archive, 'pause:1');
  await create(t, '--infra-image', 'localhost/pause:1', '--infra-name', 'i', 'web');
  t.is(await field(t, 'i', '{{.ImageName}} {{.Config.Cmd}}'), 'localhost/pause:1 [sleep 4000]');
  await create(
    t,
    '--infra-image',
    'localhost/pause:1',
    '--infra-command',
    '["sleep","5000"]',
    '--infra-name',
    'j',
    'db',
  );
  await run(t, 0, 'pod', 'start', 'db');
  t.regex(await output(t, 'top', 'j', 'args'), /sleep 5000/);
  await run(t, 0, 'pod', 'rm', '-fa', '-t', '0');
});

onPods('pod create --network, --publish, --ip: those of the infra container, for all', async (t, root) => {
  if (!requires(t, 'nft')) return;
  const host = await ownNetwork(t);
  await run(t, 0, 'network', 'create', '--subnet', '10.77.3.0/24', '--disable-dns', 'lan');
  await create(
    t,
    '--network',
    'lan',
    '--ip',
    '10.77.3.9',
    '--mac-address',
    '92:d0:c6:0a:29:33',
    '--dns',
    '192.0.2.53',
    '--dns-search',
    'example',
    '--dns-option',
    'ndots:2',
    '-p',
    '127.0.0.1:8099:80',
    'web',
  );
  await member(t, root, '--name', 'c', '--pod', 'web');
  t.is(await shell(t, 'c', 'cat /etc/resolv.conf'), 'search example\nnameserver 192.0.2.53\noptions ndots:2');
  t.regex(await shell(t, 'c', 'ip addr'), /92:d0:c6:0a:29:33[^]*inet 10\.77\.3\.9\/24/);
  t.is(await output(t, 'pod', 'ps', '--format', '{{.Networks}}'), 'lan\n');
  t.regex(await host.rules(), /8099/);
  t.is(
    await output(t, 'ps', '-q', '-f', 'pod=web', '-f', 'network=lan'),
    await output(t, 'ps', '-q', '-f', 'name=infra'),
  );
  await run(t, 0, 'pod', 'rm', '-f', '-t', '0', 'web');
});

onPods(
  'pod start, stop, restart, kill, pause, unpause: their words, and what becomes of the containers',
  async (t, root) => {
    const id = await create(t, 'web');
    await run(
      t,
      0,
      'create',
      '--name',
      'c',
      '--pod',
      'web',
      '--stop-signal',
      'KILL',
      '--rootfs',
      `${root}:O`,
      'sleep',
      '1000',
    );
    const statuses = (): Promise<string> => output(t, 'ps', '-a', '--format', '{{.State}}', '-f', 'pod=web');
    const acts = async (expected: string, ...args: string[]): Promise<void> => {
      t.is(await output(t, 'pod', ...args), `${id}\n`, args.join(' '));
      t.is(await statuses(), `${expected}\n${expected}\n`, args.join(' '));
    };
    await acts('running', 'start', 'web');
    const pid = await field(t, 'c', '{{.State.Pid}}');
    await acts('running', 'restart', '-l');
    t.not(await field(t, 'c', '{{.State.Pid}}'), pid);
    await acts('paused', 'pause', 'web');
    t.is(await output(t, 'pod', 'ps', '--format', '{{.Status}}'), 'Paused\n');
    t.is(await output(t, 'pod', 'pause', '--all'), '', 'none that runs');
    await acts('running', 'unpause', '-a');
    t.is(await output(t, 'pod', 'unpause', '--all'), '', 'none that is paused');
    await acts('exited', 'stop', '-t', '0', 'web');
    await acts('exited', 'stop', '--all');
    await acts('running', 'start', '--all');
    await run(t, 0, 'pod', 'kill', '-s', 'TERM', 'web');
    await until('the infra container has ended', async () => (await statuses()).includes('exited'));
    await acts('running', 'start', id.slice(0, 8));
    t.is(await output(t, 'pod', 'kill', '-a'), `${id}\n`);
    t.is(await field(t, 'c', '{{.State.ExitCode}}'), '137');
    t.is((await run(t, 125, 'pod', 'kill', '-s', 'FOO', 'web')).stderr, 'Error: invalid signal: FOO\n');
  },
);

onPods('pods that are missing, and selections that make no sense', async (t) => {
  const id = await create(t, '--infra=false', 'web');
  const missing = 'Error: no pod with name or ID nosuch found: no such pod\n';
  for (const verb of ['start', 'stop', 'restart', 'kill', 'pause', 'unpause', 'logs', 'top', 'stats'])
    t.is((await run(t, 125, 'pod', verb, 'nosuch')).stderr, missing, verb);
  for (const verb of ['start', 'stop', 'restart', 'kill', 'pause', 'unpause', 'rm']) {
    const says = async (message: string, ...args: string[]): Promise<void> => {
      t.is((await run(t, 125, 'pod', verb, ...args)).stderr, `Error: ${message}\n`);
    };
    await says('you must provide at least one name or id');
    await says('no arguments are needed with --all', '-a', 'web');
    await says('--all and --latest cannot be used together', '-a', '-l');
  }
  const { stdout, stderr } = await run(t, 125, 'pod', 'stop', 'nosuch', 'web');
  t.is(stdout, '', 'the others are left alone');
  t.is(stderr, missing);
  t.is(await output(t, 'pod', 'stop', '-i', 'nosuch'), '');
  t.is((await run(t, 1, 'pod', 'rm', 'nosuch')).stderr, missing);
  for (const flag of ['-f', '-i']) t.is(await output(t, 'pod', 'rm', flag, 'nosuch'), '');
  t.is(
    (await run(t, 125, 'pod', 'rm', '-t', '1', 'web')).stderr,
    'Error: --force option must be specified to use the --time option\n',
  );
  t.is(await output(t, 'pod', 'rm', '-l'), `${id}\n`);
  t.is((await run(t, 125, 'pod', 'start', '-l')).stderr, 'Error: no pods: no such pod\n');
  t.is((await run(t, 125, 'run', '--pod', 'nosuch', '--rootfs', '/', 'true')).stderr, missing);
});

onPods('pod rm: with --force also one that runs; pod prune', async (t, root) => {
  const [web, db, idle] = [await create(t, 'web'), await create(t, 'db'), await create(t, 'idle')];
  const c = await member(t, root, '--pod', 'web');
  const { stderr } = await run(t, 125, 'pod', 'rm', 'web');
  t.regex(stderr, new RegExp(`^Error: not all containers could be removed from pod ${web}: .*${c} as it is running`));
  t.is(await output(t, 'pod', 'rm', '-f', '-t', '0', 'web'), `${web}\n`);
  await run(t, 1, 'container', 'exists', c);
  await run(t, 0, 'pod', 'start', 'db');
  await run(t, 0, 'pod', 'stop', 'db');
  const asked = await runWith(t, { input: 'n\n' }, 0, 'pod', 'prune');
  t.is(asked.stdout, 'WARNING! This will remove all stopped/exited pods..\nAre you sure you want to continue? [y/N] ');
  t.is((await run(t, 125, 'pod', 'prune')).stderr, 'Error: EOF\n');
  t.is(await output(t, 'pod', 'prune', '-f'), `${db}\n`);
  t.is(await output(t, 'pod', 'rm', '-a'), `${idle}\n`);
  t.is(await output(t, 'pod', 'ps', '-q'), '');
});

onPods('rm: not the infra container alone; --depend, and --all, take the pod', async (t, root) => {
  const id = await create(t, '--infra-name', 'i', 'web');
  await member(t, root, '--name', 'one', '--pod', 'web');
  const infra = await field(t, 'i', '{{.Id}}');
  const { stderr } = await run(t, 125, 'rm', '-f', 'i');
  t.is(
    stderr,
    `Error: container ${infra} is the infra container of pod ${id} and cannot be removed without removing the pod\n`,
  );
  const ids = (await output(t, 'ps', '-aq', '--no-trunc', '--filter', 'pod=web')).trim().split('\n');
  const removed = (await output(t, 'rm', '-f', '-t', '0', '--depend', 'i')).trim().split('\n');
  t.deepEqual(removed.toSorted(), ids.toSorted());
  await run(t, 1, 'pod', 'exists', 'web');
  await run(t, 1, 'container', 'exists', 'one');
  await create(t, 'web');
  await member(t, root, '--pod', 'web');
  t.is((await output(t, 'rm', '-fa', '-t', '0')).split('\n').length, 3);
  await run(t, 1, 'pod', 'exists', 'web');
});

onPods('system prune: pods that have ended go, too', async (t, root) => {
  const id = await create(t, 'web');
  await run(t, 0, 'run', '--pod', 'web', '--rootfs', `${root}:O`, 'true');
  await run(t, 0, 'pod', 'stop', 'web');
  t.regex(await output(t, 'system', 'prune', '-f'), new RegExp(`^Deleted Pods\n${id}\n`));
  await run(t, 1, 'pod', 'exists', 'web');
});

onPods('run and create --pod, --pod-id-file, --pod new:NAME; ps --pod', async (t, root) => {
  const file = join(temporaryDirectory(t), 'web.id');
  const id = await create(t, '--pod-id-file', file, 'web');
  await run(t, 0, 'create', '--name', 'one', '--pod-id-file', file, '--rootfs', root, 'true');
  await run(t, 0, 'run', '--name', 'two', '--pod', id.slice(0, 9), '--rootfs', `${root}:O`, 'true');
  t.is(
    (await run(t, 125, 'create', '--pod', 'web', '--pod-id-file', file, '--rootfs', root, 'true')).stderr,
    'Error: cannot specify both --pod and --pod-id-file\n',
  );
  const short = id.slice(0, 12);
  const format = '{{.Names}} {{.Pod}} {{.PodName}} {{.IsInfra}}';
  t.is(
    await output(t, 'ps', '-a', '--format', format),
    `${short}-infra ${short} web true\none ${short} web false\ntwo ${short} web false\n`,
  );
  const lines = (await output(t, 'ps', '-ap', '-f', 'name=one')).split('\n');
  t.regex(lines[0] ?? '', / POD ID +PODNAME$/);
  t.true(lines[1]?.endsWith(` ${short}  web`), lines[1]);
  t.regex(await output(t, 'ps', '-ap', '--no-trunc', '-f', 'name=one'), new RegExp(` ${id}  web\n$`));
  const [row] = JSON.parse(await output(t, 'ps', '-a', '--format', 'json', '-f', 'name=one')) as [object];
  t.like(row, { Pod: id, PodName: 'web', IsInfra: false });
  t.is(await output(t, 'ps', '-aq', '-f', 'pod=nosuch'), '');
  t.is(
    await output(t, 'run', '--rm', '--pod', 'new:made', '--hostname', 'h', '--rootfs', `${root}:O`, 'hostname'),
    'h\n',
  );
  t.is(await output(t, 'pod', 'ps', '--format', '{{.Name}} {{.Status}}', '-f', 'name=made'), 'made Running\n');
  t.is(
    (await run(t, 125, 'create', '--pod', 'new:', '--rootfs', root, 'true')).stderr,
    'Error: new pod name must be at least one character\n',
  );
  await run(t, 125, 'explain', 'create', '--pod', 'new:other', '--rootfs', root, 'true');
  await run(t, 1, 'pod', 'exists', 'other');
});

onPods('a container that chooses a network, in a pod; one in a pod that shares none', async (t, root) => {
  await create(t, 'web');
  await create(t, '--share', 'ipc', 'group');
  const [one, other] = [
    await member(t, root, '--pod', 'web', '--network', 'none'),
    await member(t, root, '--pod', 'web'),
  ];
  t.deepEqual(await common(t, one, other), ['ipc', 'uts']);
  await member(t, root, '--name', 'c', '--pod', 'group');
  t.is(await field(t, 'c', '{{.HostConfig.NetworkMode}}'), 'none', 'the default of containers without a pod');
  t.is(
    (await run(t, 125, 'create', '--pod', 'web', '-p', '80', '--rootfs', root, 'true')).stderr,
    'Error: published or exposed ports must be defined when the pod is created: network cannot be configured when it is shared with a pod\n',
  );
});

onPods('--userns is the pod’s', async (t, root) => {
  await create(t, 'web');
  t.is(
    (await run(t, 125, 'create', '--pod', 'web', '--userns', 'auto', '--rootfs', root, 'true')).stderr,
    'Error: --userns and --pod cannot be set together\n',
  );
  const map = ['--uidmap', '0:100000:1000', '--rootfs', `${root}:idmap`];
  const seen = await output(t, 'run', '--pod', 'new:mapped', ...map, 'cat', '/proc/self/uid_map');
  t.regex(seen, /^ *0 +100000 +1000$/m);
});

onPods('container clone --pod', async (t, root) => {
  const id = await create(t, 'web');
  await run(t, 0, 'create', '--name', 'c', '--rootfs', root, 'true');
  const clone = (await output(t, 'container', 'clone', '--pod', 'web', 'c')).trim();
  t.is(await field(t, clone, '{{.Pod}}'), id);
  t.is(await field(t, 'c', '{{.Pod}}'), '');
});

onPods('pod logs: of all containers, or of one', async (t, root) => {
  const id = await create(t, 'web');
  const says = async (name: string, script: string): Promise<string> => {
    await run(t, 0, 'run', '--name', name, '--pod', 'web', '--rootfs', `${root}:O`, 'sh', '-c', script);
    return (await field(t, name, '{{.Id}}')).slice(0, 12);
  };
  const [one, two] = [await says('one', 'echo a; echo b; echo err >&2'), await says('two', 'echo c')];
  const { stdout, stderr } = await run(t, 0, 'pod', 'logs', 'web');
  t.is(stdout, `${one} a\n${one} b\n${two} c\n`);
  t.is(stderr, `${one} err\n`);
  t.is(
    await output(t, 'pod', 'logs', '-n', '--tail', '1', id),
    'two c\n',
    'the last line of the other one is on stderr',
  );
  t.is(await output(t, 'pod', 'logs', '-c', 'one', '-l'), 'a\nb\n');
  t.regex(await output(t, 'pod', 'logs', '-t', '-c', two, 'web'), /^\d{4}-\d\d-\d\dT\S+ c\n$/);
  t.is(
    await output(t, 'pod', 'logs', '--since', '1h', '--until', '30m', 'web').catch(String),
    `${one} a\n${one} b\n${two} c\n`,
  );
  t.is(await output(t, 'pod', 'logs', '--since', '2100-01-01', 'web'), '');
  t.true((await output(t, 'pod', 'logs', '--color', '-n', 'web')).includes('one\u001b[0m a'));
  await run(t, 0, 'create', '--name', 'outside', '--rootfs', root, 'true');
  for (const name of ['outside', 'nosuch'])
    t.is(
      (await run(t, 125, 'pod', 'logs', '-c', name, 'web')).stderr,
      `Error: container ${name} is not in pod web: no such container\n`,
    );
  t.is((await run(t, 125, 'pod', 'logs')).stderr, 'Error: specify at least one pod name or ID to log\n');
  t.is((await run(t, 125, 'pod', 'logs', 'a', 'b')).stderr, 'Error: requires exactly 1 arg\n');
  // --follow goes on until all have ended
  const command = ['--rootfs', `${root}:O`, 'sh', '-c', 'echo up; exec sleep 1000'];
  await run(t, 0, 'run', '-d', '--name', 'last', '--pod', 'web', ...command);
  const follower = start(t, {}, 'pod', 'logs', '-f', '-c', 'last', 'web');
  const followed = collect(follower);
  await once(follower.stdout!, 'data');
  await run(t, 0, 'kill', 'last');
  t.deepEqual(await followed, { status: 0, stdout: 'up\n', stderr: '' });
});

onPods('pod top and pod stats', async (t, root) => {
  const id = await create(t, '--infra-name', 'i', 'web');
  t.is(await output(t, 'pod', 'top', 'web'), '', 'nothing runs');
  await member(t, root, '--name', 'c', '--pod', 'web');
  await run(t, 0, 'create', '--name', 'idle', '--pod', 'web', '--rootfs', root, 'true');
  t.regex(await output(t, 'pod', 'top', 'web', 'pid', 'args'), /^PID +COMMAND\n1 +tspod-pause\n1 +sleep 1000\n$/);
  t.regex(await output(t, 'pod', 'top', '-l'), /^USER +PID +PPID +%CPU +ELAPSED +TTY +TIME +COMMAND\n/);
  t.is((await run(t, 125, 'pod', 'top', 'web', 'pid,foo')).stderr, "Error: 'foo': unknown descriptor\n");
  const lines = (await output(t, 'pod', 'stats', '--no-stream', 'web')).trimEnd().split('\n');
  t.regex(lines[0] ?? '', /^POD +CID +NAME +CPU % +MEM USAGE\/ LIMIT +MEM % +NET IO +BLOCK IO +PIDS$/);
  t.regex(lines[2] ?? '', new RegExp(`^${id.slice(0, 12)} +[0-9a-f]{12} +c +[\\d.]+% +\\S+ / \\S+ .* 1$`));
  t.regex(lines[3] ?? '', /idle +-- +-- \/ -- +-- +-- \/ -- +-- \/ -- +--$/);
  const stats = JSON.parse(await output(t, 'pod', 'stats', '--no-stream', '--format', 'json', '-l')) as {
    PIDS: string;
  }[];
  t.deepEqual(
    stats.map(({ PIDS }) => PIDS),
    ['1', '1', '--'],
  );
  await create(t, '--infra-name', 'j', 'other');
  const names = ['pod', 'stats', '--no-stream', '--format', '{{.Name}}'];
  t.is(await output(t, ...names), 'i\nc\nidle\n', 'of those that run');
  t.is(await output(t, ...names, '--all'), 'i\nc\nidle\nj\n');
  t.is(
    (await run(t, 125, 'pod', 'stats', '-a', 'web')).stderr,
    'Error: --all, --latest and arguments cannot be used together\n',
  );
  const streaming = start(t, {}, 'pod', 'stats', '--no-reset', '--format', '{{.Name}}', 'web');
  let text = '';
  streaming.stdout?.setEncoding('utf8').on('data', (part: string) => (text += part));
  await until('two looks', () => text.startsWith('i\nc\nidle\ni\nc\nidle\n'));
  streaming.kill('SIGKILL');
});

onPods('events: each change of a pod is an event of type pod', async (t) => {
  const id = await create(t, '--label', 'a=b', 'web');
  await run(t, 0, 'pod', 'start', 'web');
  await run(t, 0, 'pod', 'pause', 'web');
  await run(t, 0, 'pod', 'unpause', 'web');
  await run(t, 0, 'pod', 'rm', '-f', '-t', '0', 'web');
  const text = await output(
    t,
    'events',
    '--stream=false',
    '-f',
    'type=pod',
    '--format',
    '{{.Type}} {{.Status}} {{.Name}} {{.ID}}',
  );
  const statuses = ['create', 'start', 'pause', 'unpause', 'remove'];
  t.is(text.replace(`pod stop web ${id}\n`, ''), statuses.map((status) => `pod ${status} web ${id}\n`).join(''));
  t.regex(
    await output(t, 'events', '--stream=false', '-f', 'type=pod'),
    / pod create [0-9a-f]{64} \(image=, name=web, a=b\)\n/,
  );
});

onPods('an error of one container of a pod is told by its id, and the others go on', async (t, root) => {
  await create(t, 'web');
  const bad = (await output(t, 'create', '--pod', 'web', '--rootfs', `${root}:O`, 'no-such-command')).trim();
  await run(
    t,
    0,
    'create',
    '--name',
    'good',
    '--pod',
    'web',
    '--stop-signal',
    'KILL',
    '--rootfs',
    `${root}:O`,
    'sleep',
    '1000',
  );
  const { stdout, stderr } = await run(t, 125, 'pod', 'start', 'web');
  t.is(stdout, '');
  t.regex(stderr, new RegExp(`^Error: starting container ${bad}: .*no-such-command`));
  t.is(await field(t, 'good', '{{.State.Status}}'), 'running');
  t.is(await output(t, 'pod', 'ps', '--format', '{{.Status}}'), 'Degraded\n');
});

onPods('pod create --cgroup-parent', async (t, root) => {
  const cgroupManager = testCgroupManager();
  if (cgroupManager === 'systemd') {
    skip(t, 'a path is for cgroupfs');
    return;
  }
  const cgroupParent = '/tspod-test-pods';
  const id = await create(t, '--cgroup-parent', cgroupParent, 'web');
  await member(t, root, '--name', 'c', '--pod', 'web');
  t.regex(
    readFileSync(`/proc/${await field(t, 'c', '{{.State.Pid}}')}/cgroup`, 'utf8'),
    new RegExp(`:${cgroupParent}/pod_${id}/`),
  );
  await run(t, 0, 'pod', 'rm', '--force', '--time', '0', 'web');
  await removeCgroups({ cgroupManager, cgroupParent });
});
