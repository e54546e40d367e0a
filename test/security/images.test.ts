/** What images, registries and labels say, and what becomes of secrets. */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { digestOf } from '../../src/oci/digest.js';
import { OCI_INDEX } from '../../src/oci/media-types.js';
import { attackersRoot } from '../helpers/attacks.js';
import { collect, output, run, runWith, start, storeOf } from '../helpers/cli.js';
import { testEngine } from '../helpers/engine.js';
import { sendJson, startServer } from '../helpers/http-server.js';
import { busyboxLayer, imageOf, sourceOf } from '../helpers/layers.js';
import { podmanOf } from '../helpers/podman.js';
import { requires } from '../helpers/requires.js';
import { temporaryDirectory } from '../helpers/temp.js';

/** Sets the title of a terminal, begins a sequence in the one-byte form, and turns what follows around. */
const HOSTILE = '\u001b]0;owned\u0007\u009b31m\u202Etxt';

/** What of it must not come through. */
const SENT = ['\u001b]', '\u0007', '\u009b', '\u202E'];

/** What a program writes when its output is a terminal. */
function onTerminal(t: ExecutionContext<unknown>, words: readonly string[], env: NodeJS.ProcessEnv): string {
  const log = join(temporaryDirectory(t), 'log');
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  spawnSync('script', ['-q', '-c', quoted, log], { env: { ...env, TERM: 'dumb' }, input: '' });
  // The first and the last line are script's own, and have the command in them.
  return readFileSync(log, 'utf8')
    .split('\n')
    .slice(1, -1)
    .join('\n')
    .replace(/Script done[^\n]*$/, '');
}

test('terminal: control characters of names, labels, commands and processes are shown, not sent', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const rootfs = attackersRoot(t);
  const flags = ['--label', `key=${HOSTILE}`, '--annotation', `key=${HOSTILE}`, '--env', `KEY=${HOSTILE}`];
  await run(t, 0, 'run', '-d', '--name', 'odd', ...flags, '--rootfs', rootfs, 'sh', '-c', `sleep 1000; : ${HOSTILE}`);
  await run(
    t,
    0,
    'commit',
    '-q',
    '--change',
    `LABEL key=${HOSTILE}`,
    '--message',
    HOSTILE,
    '--author',
    HOSTILE,
    'odd',
    'odd:1',
  );
  const { env } = storeOf(t);
  const program = join(process.cwd(), 'bin/tspod');
  for (const words of [
    ['ps', '-a', '--no-trunc'],
    ['ps', '-a', '--format', '{{.Labels}} {{.Command}}'],
    ['top', 'odd'],
    ['inspect', 'odd'],
    ['inspect', '--format', '{{.Config.Labels}} {{.Config.Env}} {{.Config.Cmd}}', 'odd'],
    ['image', 'inspect', '--format', '{{.Labels}} {{.Author}} {{.Comment}}', 'odd:1'],
    ['history', '--no-trunc', 'odd:1'],
    ['images', '--format', '{{.Labels}}'],
    ['events', '--stream=false', '--since', '1h'],
    ['start', HOSTILE],
    ['exec', 'odd', HOSTILE],
    ['pull', `127.0.0.1:1/${HOSTILE}`],
    ['run', '--rm', '--rootfs', rootfs, HOSTILE],
  ]) {
    const shown = onTerminal(t, [program, ...words], env);
    t.deepEqual(
      SENT.filter((part) => shown.includes(part)),
      [],
      words.join(' '),
    );
  }
  // The legitimate use: what a container writes to a terminal is its own affair, and what goes to a file is as it is.
  t.true((await output(t, 'inspect', '--format', '{{.Config.Labels}}', 'odd')).includes('owned'));
  t.true(onTerminal(t, [program, 'exec', 'odd', 'printf', '\\033[1mbold'], env).includes('\u001b[1mbold'));
});

test('terminal: Podman 4.3 sends them', (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox', 'podman', 'runc')) return;
  const podman = podmanOf(t);
  const rootfs = attackersRoot(t);
  podman('create', '--name', 'odd', '--network', 'none', '--rootfs', rootfs, 'sh', '-c', `: ${HOSTILE}`);
  const shown = onTerminal(t, ['podman', ...podman.globals, 'ps', '-a', '--no-trunc'], podman.env);
  t.true(shown.includes('\u001b]0;owned'), 'the attack is one');
});

const SECRET = 'hunter2-7f3a9';

test('secrets: neither logs nor events, arguments or files of others tell them (CVE-2019-13509, CVE-2021-41092)', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const rootfs = attackersRoot(t);
  const basic = `Basic ${Buffer.from(`me:${SECRET}`).toString('base64')}`;
  const registry = await startServer(t, ({ headers }, response) => {
    if (headers.authorization === basic) sendJson(response, {});
    else
      sendJson(response, { errors: [{ code: 'UNAUTHORIZED', message: 'no' }] }, 401, {
        'www-authenticate': 'Basic realm="x"',
      });
  });
  const auth = join(temporaryDirectory(t), 'auth.json');
  storeOf(t).prefix = ['sh', '-c', 'umask 0; exec "$@"', 'sh'];
  const told: string[] = [];
  const tries = async (input: string | undefined, ...words: readonly string[]) => {
    const child = start(t, input === undefined ? {} : { input }, '--log-level', 'debug', ...words);
    told.push(readFileSync(`/proc/${child.pid}/cmdline`, 'latin1'));
    const { stdout, stderr } = await collect(child, input);
    told.push(stdout, stderr);
  };
  await tries(SECRET, 'login', '--tls-verify=false', '--authfile', auth, '-u', 'me', '--password-stdin', registry.host);
  t.regex(readFileSync(auth, 'utf8'), /"auth"/, 'the login was taken');
  t.is(statSync(auth).mode & 0o777, 0o600);
  await tries(undefined, 'pull', '--tls-verify=false', '--authfile', auth, `${registry.host}/some/image:1`);
  t.true(registry.requests.some(({ headers }) => headers.authorization === basic));
  await runWith(
    t,
    { env: { PASSWORD: SECRET } },
    0,
    '--log-level',
    'debug',
    'run',
    '-d',
    '--name',
    'kept',
    '-e',
    'PASSWORD',
    '--rootfs',
    rootfs,
    'sleep',
    '1000',
  ).then(({ stdout, stderr }) => told.push(stdout, stderr));
  const monitor = (await output(t, 'inspect', '--format', '{{.State.ConmonPid}}', 'kept')).trim();
  told.push(
    readFileSync(`/proc/${monitor}/cmdline`, 'latin1'),
    await output(t, 'events', '--stream=false', '--since', '1h'),
    await output(t, 'ps', '-a', '--no-trunc'),
  );
  t.deepEqual(
    told.filter((text) => text.includes(SECRET) || text.includes(basic)),
    [],
  );
  t.is(await output(t, 'exec', 'kept', 'sh', '-c', 'echo $PASSWORD'), `${SECRET}\n`);
});

test('create: of many at one time each has its own environment and no other’s (CVE-2021-21334, CVE-2020-14370)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox')) return;
  const { engine, options } = await testEngine(t);
  await engine.images.pull(
    sourceOf(imageOf({ layers: [busyboxLayer()], config: { Env: ['PATH=/bin', 'SHARED=1'] } })),
    { name: 'env:1' },
  );
  const shown = await Promise.all(
    Array.from({ length: 20 }, (_, number) =>
      engine.run(
        options({
          image: 'env:1',
          env: { [`OWN${number}`]: `${number}` },
          labels: { own: `${number}` },
          command: ['env'],
        }),
      ),
    ),
  );
  for (const [number, { stdout }] of shown.entries()) {
    t.deepEqual(
      [...stdout.matchAll(/^OWN.*$/gm)].map(([line]) => line),
      [`OWN${number}=${number}`],
    );
    t.true(stdout.includes('SHARED=1'));
  }
});

test('pull: indexes that lead to indexes come to an end at once (CVE-2026-53493)', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine } = await testEngine(t);
  let inner = { mediaType: OCI_INDEX, bytes: Buffer.from('{}'), digest: '' };
  const all = new Map<string, typeof inner>();
  for (let depth = 0; depth < 30; depth += 1) {
    const entry = {
      mediaType: OCI_INDEX,
      digest: inner.digest === '' ? `sha256:${'0'.repeat(64)}` : inner.digest,
      size: inner.bytes.length,
      platform: { os: 'linux', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' },
    };
    const bytes = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: Array.from({ length: 100 }, () => entry) }),
    );
    inner = { mediaType: OCI_INDEX, bytes, digest: digestOf(bytes) };
    all.set(inner.digest, inner);
  }
  let asked = 0;
  const source = {
    reference: 'test://index',
    manifest: (digest?: string) => {
      asked += 1;
      const found = digest === undefined ? inner : all.get(digest);
      return found === undefined ? Promise.reject(new Error('not there')) : Promise.resolve(found);
    },
    blob: () => Promise.reject(new Error('no blobs')),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  await t.throwsAsync(engine.images.pull(source, { name: 'index:1' }));
  t.true(asked < 10, `${asked} manifests were asked for`);
  t.deepEqual(engine.images.list(), []);
});

test('run: a digest that is a path, of another kind, or too short is refused before anything is asked for (CVE-2024-3727)', async (t) => {
  if (!requires(t, 'root')) return;
  const registry = await startServer(t, (_, response) => sendJson(response, {}, 404));
  for (const digest of [
    'sha256:../../../../etc/passwd',
    'md5:d41d8cd98f00b204e9800998ecf8427e',
    'sha256:abc',
    `sha256:${'A'.repeat(64)}`,
    'sha256:',
    `sha256:${'0'.repeat(63)}/`,
    `x/../sha256:${'0'.repeat(64)}`,
  ]) {
    await run(t, 125, 'pull', '--tls-verify=false', `${registry.host}/image@${digest}`);
  }
  t.deepEqual(
    registry.requests.map(({ url }) => url),
    [],
  );
});
