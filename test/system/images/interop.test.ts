/** Images go from skopeo through tspod to Podman and umoci, over a registry and archives, with the same bytes everywhere; and what others take is taken. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { openDestination } from '../../../src/image/open.js';
import { NO_REGISTRIES } from '../../../src/image/registries/config.js';
import { output } from '../../helpers/cli.js';
import { rejectsWith, testEngine } from '../../helpers/engine.js';
import { writeImage } from '../../helpers/images.js';
import { busyboxLayer, imageOf, layerOf, partsOf, sourceOf, type Entry, type TestImage } from '../../helpers/layers.js';
import { podmanOf } from '../../helpers/podman.js';
import { startRegistry } from '../../helpers/registry.js';
import { requires } from '../../helpers/requires.js';
import { skopeo } from '../../helpers/skopeo.js';
import { temporaryDirectory } from '../../helpers/temp.js';

/** cap_net_raw+ep, as the kernel keeps it (linux/capability.h, version 2). */
const CAPABILITY = Buffer.from('0100000200200000000000000000000000000000', 'hex');

/** What is easily lost on the way. */
const DELICATE: readonly Entry[] = [
  { path: 'data', type: 'directory', mode: 0o2750, uid: 12, gid: 34 },
  { path: 'data/setuid', content: 'x', mode: 0o4711, uid: 1000, gid: 1000 },
  { path: 'data/fraction', content: 'y', mtimeSec: 1_234_567_890, mtimeNsec: 123_456_789 },
  { path: 'data/hardlink', type: 'hardlink', target: 'data/fraction' },
  { path: 'data/link', type: 'symlink', target: '../nowhere', uid: 7, gid: 8 },
  { path: 'data/fifo', type: 'fifo', mode: 0o600 },
  { path: 'data/capable', content: 'z', mode: 0o755, xattrs: { 'security.capability': CAPABILITY } },
  { path: 'data/tagged', content: '', xattrs: { 'user.tag': Buffer.from('kept') } },
  { path: `data/${'long'.repeat(50)}`, content: 'name' },
];

function program(t: ExecutionContext<unknown>, name: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(name, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  t.is(status, 0, `${name} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

async function writeLayout(directory: string, image: TestImage): Promise<void> {
  await using destination = await openDestination(`oci:${directory}:it`, {
    environment: {},
    uid: 0,
    registries: NO_REGISTRIES,
    temporaryDirectory: directory,
  });
  await writeImage(destination, partsOf(image));
}

/** Everything about the files of a tree but what no archive has: change times, and sizes of directories. */
function treeOf(t: ExecutionContext<unknown>, root: string): string {
  const script = [
    `cd "$0"`,
    `find . -mindepth 1 -type d -printf '%p %y %m %U %G %T@\\n' | sort`,
    `find . ! -type d -printf '%p %y %m %U %G %s %l %n %T@\\n' | sort`,
    `find . -type f -print0 | sort -z | xargs -0 sha256sum`,
    `find . -print0 | sort -z | xargs -0 getfattr --no-dereference --dump --match - --encoding hex`,
  ].join(' && ');
  return program(t, 'sh', '-c', script, root);
}

const READ = 'cat /data/fraction; stat -c "%a %u" /data/setuid; cat /made';

test('an image goes from skopeo through the engine to Podman: digests and behaviour are the same', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'docker-registry', 'skopeo', 'podman', 'runc')) return;
  const { host } = await startRegistry(t);
  const directory = temporaryDirectory(t);
  const image = imageOf({ layers: [busyboxLayer(), layerOf(DELICATE)], config: { Env: ['COLOUR=red'] } });
  await writeLayout(join(directory, 'layout'), image);
  const [from, to] = [`${host}/from/skopeo:1`, `${host}/to/podman:1`];
  skopeo(t, 'copy', '--dest-tls-verify=false', `oci:${join(directory, 'layout')}:it`, `docker://${from}`);

  await output(t, 'pull', '--quiet', '--tls-verify=false', from);
  t.is((await output(t, 'image', 'inspect', '--format', '{{.Digest}}', from)).trim(), image.manifest.digest);
  const change = 'echo made > /made; rm /data/tagged; chmod 4750 /data/setuid';
  await output(t, 'run', '--name', 'source', from, 'sh', '-c', change.replace('chmod', 'busybox chmod'));
  await output(t, 'commit', '--quiet', '--change', 'CMD ["sh", "-c", "echo $COLOUR; ls /data/tagged"]', 'source', to);
  const ours = await output(t, 'run', '--rm', to, 'sh', '-c', READ);
  t.is(ours, 'y4750 1000\nmade\n');
  const digestFile = join(directory, 'digest');
  await output(t, 'push', '--quiet', '--tls-verify=false', '--digestfile', digestFile, to);
  const digest = readFileSync(digestFile, 'utf8').trim();

  t.is(skopeo(t, 'inspect', '--tls-verify=false', '--format', '{{.Digest}}', `docker://${to}`).trim(), digest);
  const podman = podmanOf(t);
  podman('pull', '--quiet', '--tls-verify=false', to);
  t.is(podman('image', 'inspect', '--format', '{{.Digest}}', to).trim(), digest);
  t.is(
    podman('image', 'inspect', '--format', '{{.Id}}', to),
    await output(t, 'image', 'inspect', '--format', '{{.Id}}', to),
  );
  t.is(podman('run', '--rm', '--network', 'none', to, 'sh', '-c', READ), ours);
  t.is(
    podman('run', '--rm', '--network', 'none', to, 'sh', '-c', 'echo $COLOUR; ls /data | grep tagged || echo gone'),
    'red\ngone\n',
  );

  // And back: what Podman commits.
  podman('run', '--name', 'theirs', '--network', 'none', to, 'sh', '-c', 'echo back > /made');
  podman('commit', '--quiet', 'theirs', `${host}/back:1`);
  podman('push', '--quiet', '--tls-verify=false', `${host}/back:1`);
  await output(t, 'pull', '--quiet', '--tls-verify=false', `${host}/back:1`);
  t.is(await output(t, 'run', '--rm', `${host}/back:1`, 'sh', '-c', READ), 'y4750 1000\nback\n');
});

test('umoci unpacks what was saved to the same tree: content, modes, owners, times, links and attributes', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'umoci', 'getfattr')) return;
  const directory = temporaryDirectory(t);
  const image = imageOf({
    layers: [busyboxLayer(), layerOf(DELICATE), layerOf([{ path: 'bin/.wh.ps', content: '' }])],
    config: { Cmd: ['true'] },
  });
  await writeLayout(join(directory, 'layout'), image);
  await output(t, 'pull', '--quiet', `oci:${join(directory, 'layout')}:it`);
  const id = (await output(t, 'images', '--quiet', '--no-trunc')).trim().replace('sha256:', '');
  t.is(id, image.id);
  await output(t, 'tag', id, 'saved:1');
  const saved = join(directory, 'saved');
  await output(t, 'save', '--quiet', '--format', 'oci-dir', '--output', saved, 'saved:1');
  // umoci takes names without a slash alone.
  skopeo(t, 'copy', '--preserve-digests', `oci:${saved}`, `oci:${saved}-named:it`);
  program(t, 'umoci', 'unpack', '--image', `${saved}-named:it`, join(directory, 'bundle'));
  await output(t, 'create', '--name', 'looked-at', 'saved:1');
  const mounted = (await output(t, 'mount', 'looked-at')).trim();
  try {
    t.is(treeOf(t, mounted), treeOf(t, join(directory, 'bundle/rootfs')));
  } finally {
    await output(t, 'umount', 'looked-at');
  }
});

test('run: an image that says no platform, and a health check without retries, is taken as Podman takes it', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const image = imageOf({
    layers: [busyboxLayer()],
    config: { Cmd: ['true'], Healthcheck: { Test: ['CMD-SHELL', 'false'], Retries: -1 }, StopTimeout: -1 },
    more: { os: undefined, architecture: undefined },
  });
  await engine.images.pull(sourceOf(image), { name: 'bare:1' });
  t.like(engine.images.inspect('bare:1'), { Os: '', Architecture: '' });
  const container = await engine.containers.create(options({ image: 'bare:1' }));
  // Unhealthy as soon as it fails.
  t.is(container.inspect().Config.Healthcheck?.Retries, 1);
  const message = await rejectsWith(
    t,
    engine.images.pull(sourceOf(image), { platform: 'linux/riscv64' }),
    'NO_SUCH_IMAGE',
  );
  t.regex(message, /it is an image for unknown\/unknown, not for linux\/riscv64/);
});
