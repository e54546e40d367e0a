/** Our templates against Podman's: the same text, and the same words about what is wrong. */
import { spawnSync } from 'node:child_process';

import test from 'ava';

import { renderTemplate } from '../../../src/cli/format/template.js';
import { struct } from '../../../src/cli/format/values.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { output, run, storeOf } from '../../helpers/cli.js';
import { podmanOf } from '../../helpers/podman.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

/** Those that do not depend on the data, nor on the version of Go. */
const TEMPLATES: readonly string[] = [
  '{{1}} {{-2}} {{0x10}} {{1_000}} {{0b11}} {{0o17}} {{017}}',
  '{{1.5}} {{1.0}} {{1e3}} {{.5}} {{1e30}} {{0.00001}} {{1e20}} {{1e21}} {{123456789.0}}',
  "{{'a'}} {{'\\x41'}}",
  '{{true}} {{false}}',
  '{{$x := 1}}{{$x}}',
  '{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}',
  '{{if .Client}}y{{else}}n{{end}}',
  '{{if .Server}}y{{else if 0}}c{{else}}n{{end}}',
  '{{with .Client}}{{.Version}}{{end}}',
  '{{with .Server}}y{{else}}no {{.Client.Os}}{{end}}',
  '{{range $i, $e := split "a,b,c" ","}}{{$i}}={{$e}},{{end}}',
  '{{range $i, $e := split "a,b,c" ","}}{{if eq $e "b"}}{{continue}}{{end}}{{$e}}{{end}}',
  '{{range $i, $e := split "a,b,c" ","}}{{if eq $e "b"}}{{break}}{{end}}{{$e}}{{end}}',
  '{{.Client.Version | printf "%s-%s" "x"}}',
  '{{"x" | printf "%q" | printf "%s!"}}',
  '{{eq 1 1}} {{eq 1 2}} {{eq 1 2 1}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt 2 1}} {{ge 1 2}}',
  '{{and 1 0 2}} {{and 1 2}} {{or 0 "" 3}} {{or 0 ""}} {{not 1}}',
  '{{len "abc"}} {{len (split "a,b" ",")}}',
  '{{index (split "a,b" ",") 1}} {{index "abc" 1}}',
  '{{slice "abcdef" 1 3}} {{slice (split "a,b,c" ",") 1}}',
  '{{print 1 2 "a" "b" 3}}',
  '{{println 1 "a"}}',
  '{{printf "%5d|%-5d|%05d|%+d" 42 42 42 42}}',
  '{{printf "%s|%5s|%-5s|%.2s|%q" "abc" "abc" "abc" "abc" "abc"}}',
  '{{printf "%x %X %o %b %c %U %#x %#o %O" 255 255 8 5 65 233 255 8 8}}',
  '{{printf "%.2f %e %g %8.3f|%-8.1f|%+.1f" 1.5 1.5 1.5 3.14159 2.5 2.5}}',
  '{{printf "%t %v%%" true 50}}',
  '{{printf "%d" "x"}}',
  '{{printf "%s" 1}}',
  '{{printf "%d"}}',
  '{{printf "%d" 1 2}}',
  '{{printf "%*d" 5 42}}',
  '{{printf "%s" (split "a,b" ",")}}',
  '{{printf "%x" "hi"}}',
  '{{printf "%v %v" nil 1}}',
  '{{printf "%T %T %T %T" 1 1.0 "a" true}}',
  '{{printf "%T" (split "a,b" ",")}}',
  '{{printf "%q" \'a\'}}',
  '{{printf "%!"}}',
  '{{printf "%"}}',
  '{{printf "%z" 1}}',
  '{{printf "%6.2f%%" 99.5}}',
  '{{printf "%08.3f" 3.14159}}',
  '{{printf "%+v" (split "a,b" ",")}}',
  '{{printf "%q" (split "a,b" ",")}}',
  '{{printf "%v" 1e6}} {{printf "%v" 1e21}} {{printf "%.3g" 1234.5678}} {{printf "%g" 100000.0}} {{printf "%g" 1e-5}}',
  '{{join (split "a:b" ":") ","}}',
  '{{upper "aB"}} {{lower "ABC"}} {{title "hello big world"}}',
  '{{truncate "abcdef" 3}} {{truncate "ab" 3}}',
  '[{{pad "x" 1 2}}] [{{pad "" 1 2}}]',
  'a {{- 1 -}} b',
  'a {{- /* c */ -}} b',
  '{{/* c */}}x',
  '{{',
  '{{.Client',
  '{{.Client}',
  '{{nosuch 1}}',
  '{{$x}}',
  '{{end}}',
  '{{else}}',
  '{{if}}x{{end}}',
  '{{range}}x{{end}}',
  '{{}}',
  '{{(1}}',
  '{{"abc}}',
  '{{. | 1}}',
  '{{break}}',
  '{{$x, $y := 1}}',
  '{{!}}',
  '{{index (split "a" ",") 9}}',
  '{{len 3}}',
  '{{eq 1 "a"}}',
  '{{eq 1}}',
  '{{upper 3}}',
  '{{upper}}',
  '{{range 3}}{{end}}',
  '{{template "x"}}',
  '{{nil}}',
  '{{1 2}}',
  '{{if eq .Client.Os "linux"}}L{{end}}',
  '{{"a" | upper | lower | title}}',
  '{{(split "a,b" ",")}}',
  '{{index "abc" "x"}}',
  '{{slice "abc" 2 1}}',
  '{{slice 3 1}}',
  '{{len}}',
  '{{printf}}',
  '{{printf 3}}',
  '{{not}}',
  '{{eq (split "a" ",") "a"}}',
  '{{lt true false}}',
  '{{lt 1 1.0}}',
  '{{1.5.Foo}}',
  '{{"a".Foo}}',
  '{{(.Client).Os}}',
  '{{$.Client.Os}}',
  '{{$x := .Client}}{{$x.Os}}',
  '{{with $x := 1}}{{$x}}{{else}}n{{end}}',
  '{{if not (eq 1 2)}}a{{end}}',
  '{{print true false}}',
  '{{print "a" 1 2 "b"}}',
  "{{'ab'}}",
  "{{'\\q'}}",
  '{{"\\q"}}',
  '{{template "x" 1 2}}',
  '{{else if}}',
  '{{if 1}}a{{else}}b{{else}}c{{end}}',
  '{{range $i, $j, $k := .}}{{end}}',
  '{{define x}}{{end}}',
  '{{= 1}}',
  '{{$x = 1}}',
  '{{:}}',
  '{{..}}',
  '{{.Client..Os}}',
  '{{1 | 2}}',
  '{{"a" "b"}}',
  '{{true 1}}',
  '{{printf "%d %s" 1}}',
  '{{printf "%[2]d %[1]d" 1 2}}',
  '{{index}}',
  '{{eq nil nil}}',
  '{{eq .Server nil}}',
  '{{.Client.Os | len | printf "%03d"}}',
];

function podman(template: string): string {
  const { status, stdout, stderr } = spawnSync('podman', ['version', '--format', template], { encoding: 'utf8' });
  return status === 0 ? stdout : stderr.replace(/^Error: /, '');
}

function ours(template: string, version: string): string {
  const data = struct('version', {
    Client: struct('*define.Version', { Version: version, Os: 'linux' }),
    Server: null,
  });
  try {
    return renderTemplate('version', `${template.replaceAll('\\n', '\n').replaceAll('\\t', '\t')}\n`, data);
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n`;
  }
}

test('templates: what Podman makes of them', (t) => {
  if (!requires(t, 'podman')) return;
  const version = podman('{{.Client.Version}}').trim();
  for (const template of TEMPLATES) t.is(ours(template, version), podman(template), template);
});

/** Of a container without network, secrets and the like, what Podman prints is a zero, whatever Go calls it. */
const OF_A_CONTAINER: readonly string[] = [
  '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
  '{{len .NetworkSettings.Networks}} {{index .NetworkSettings.Networks "x"}} {{json .NetworkSettings.Networks}}',
  '{{.NetworkSettings.SecondaryIPAddresses}} {{.NetworkSettings.AdditionalMacAddresses}}',
  '{{index .NetworkSettings.Ports "80/tcp"}} {{index .HostConfig.PortBindings "80/tcp"}}',
  '{{.HostConfig.Init}} {{.HostConfig.IDMappings}} {{.HostConfig.VolumesFrom}} {{.HostConfig.CgroupConf}}',
  '{{index .HostConfig.LogConfig.Config "x"}} {{json .HostConfig.CgroupConf}} {{json .HostConfig.VolumesFrom}}',
  '{{.HostConfig.Links}} {{.HostConfig.ConsoleSize}} {{.HostConfig.KernelMemory}} {{.HostConfig.IOMaximumIOps}}',
  '{{.Config.Secrets}} {{.Config.ChrootDirs}} {{.Config.SystemdMode}} {{.Config.Timezone}} {{.Config.Volumes}}',
  '{{.Config.DomainName}} {{.Config.HealthcheckOnFailureAction}} {{.Config.OnBuild}} {{json .Config.Volumes}}',
  '{{.State.Checkpointed}} {{.State.Restored}} {{.State.CheckpointLog}} {{.State.RestoredAt}} {{.SizeRootFs}}',
];

const OF_A_NETWORK: readonly string[] = [
  '{{index .Labels "x"}}|{{index .Options "mtu"}}|{{.Options}}|{{.Labels}}',
  '{{range .Subnets}}{{.Gateway}} {{.LeaseRange}}{{end}}',
];

const OF_A_POD: readonly string[] = [
  '{{len .Containers}} {{.CPUPeriod}} {{.CPUQuota}} {{.CPUSetCPUs}} {{.InfraConfig}} {{.SharedNamespaces}}',
  '{{index .Labels "x"}} {{.Mounts}} {{.Devices}} {{.VolumesFrom}} {{.SecurityOpts}}',
];

test('inspect: what Podman finds of fields that say nothing', async (t) => {
  if (!requires(t, 'root', 'busybox', 'podman', 'runc')) return;
  const podman = podmanOf(t);
  const rootfs = busyboxRoot(t);
  const networks = temporaryDirectory(t);
  const both = async (...args: readonly string[]): Promise<void> => {
    const [ours, theirs] = [await output(t, ...args), podman(...args)];
    if (args.includes('--format')) t.is(ours, theirs, args.join(' '));
  };
  await both('create', '--name', 'c', '--network', 'none', '--rootfs', rootfs, 'sh');
  await output(t, '--network-config-dir', networks, 'network', 'create', 'n');
  await both('pod', 'create', '--infra=false', '--share', '', '--name', 'p');
  for (const template of OF_A_CONTAINER) await both('inspect', '--format', template, 'c');
  for (const template of OF_A_POD) await both('pod', 'inspect', '--format', template, 'p');
  for (const template of OF_A_NETWORK)
    await both('--network-config-dir', networks, 'network', 'inspect', '--format', template, 'n');
  await both('pod', 'rm', 'p');
});

test('version: a template finds the fields without Client and with Server', async (t) => {
  if (!requires(t, 'podman')) return;
  const number = (await output(t, '--version')).trim().split(' ')[2] ?? '';
  const theirs = podman('{{.Client.Version}}').trim();
  for (const template of ['{{.Version}}', '{{.Server.Version}}', '{{.Server}}', '{{.Client.OsArch}}', '{{.Server.Os}}'])
    t.is((await output(t, 'version', '--format', template)).replace(number, theirs), podman(template), template);
  t.is((await run(t, 125, 'version', '--format', '{{.Foo}}')).stderr, `Error: ${podman('{{.Foo}}')}`);
});

test('info: the names that Podman has', async (t) => {
  if (!requires(t, 'root', 'podman', 'runc')) return;
  const same =
    '{{.Host.Arch}} {{.Host.OS}} {{.Host.CgroupsVersion}} {{.Host.Kernel}} {{.Host.CPUs}} {{.Host.LogDriver}}';
  const store = '{{.Store.GraphDriverName}} {{.Store.ContainerStore.Running}} {{.Store.ImageStore.Number}}';
  const template = `${same} ${store} {{.Host.CgroupManager}} {{.Version.OsArch}} {{json .Host.IDMappings}}`;
  const manager = '--cgroup-manager=cgroupfs';
  t.is(await output(t, manager, 'info', '--format', template), podmanOf(t)('info', '--format', template));
  const json = JSON.parse(await output(t, 'info', '--format', 'json')) as Readonly<Record<string, object>>;
  const { root, runRoot } = storeOf(t);
  t.like(json['store'], { graphRoot: root, runRoot, volumePath: `${root}/volumes`, containerStore: { number: 0 } });
  t.like(json['host'], { ociRuntime: { name: 'tspod' }, eventLogger: 'file', networkBackend: 'tspod' });
  t.like(json['version'], { Os: 'linux', NodeVersion: process.version });
  t.deepEqual(json['plugins'], {
    volume: ['local'],
    network: ['bridge', 'macvlan', 'ipvlan'],
    log: ['k8s-file', 'json-file', 'none', 'passthrough'],
    authorization: null,
  });
  t.is(await output(t, 'info', '--format', '{{.Host.RemoteSocket.Path}}|{{.Store.Root}}'), `|${root}\n`);
});
