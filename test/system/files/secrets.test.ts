/** Secrets: in the library, in containers, and on the command line. */
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { isTspodError } from '../../../src/errors.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { output, run, runWith, storeOf } from '../../helpers/cli.js';
import { until } from '../../helpers/until.js';
import { rejectsWith, testEngine } from '../../helpers/engine.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const ready = (t: ExecutionContext<unknown>) => requires(t, 'root', 'overlay', 'busybox');

test('a container has a secret as a file of memory, with its owner and permissions, at its place', async (t) => {
  if (!ready(t)) return;
  const { engine, options, runRoot } = await testEngine(t);
  const rootfs = busyboxRoot(t);
  await engine.secrets.create('token', 'of the test\n');
  await engine.secrets.create('key', Buffer.from([0, 1, 2, 255]));
  const container = await engine.containers.create(
    options({
      rootfs,
      rootfsOverlay: true,
      user: '7:8',
      secrets: [
        { source: 'token' },
        { source: 'key', target: '/etc/deep/key', uid: 7, gid: 8, mode: 0o400 },
        { source: 'key', target: 'sub/other', mode: 0o600 },
      ],
      command: ['sleep', '1000'],
    }),
  );
  await container.start();
  const sh = async (script: string) => (await container.exec({ command: ['sh', '-c', script] })).stdout;
  t.is(
    await sh('cat /run/secrets/token; stat -c "%a %u %g" /run/secrets/token /etc/deep/key /run/secrets/sub/other'),
    'of the test\n444 0 0\n400 7 8\n600 0 0\n',
  );
  t.is(await sh('od -An -tx1 /etc/deep/key'), ' 00 01 02 ff\n');
  t.is(await sh('cat /run/secrets/sub/other 2>/dev/null; echo $?'), '1\n', 'another user reads what its mode allows');
  const root = await container.exec({
    user: '0',
    command: [
      'sh',
      '-c',
      'echo x > /run/secrets/token; rm /run/secrets/token; grep -c /run/secrets/token /proc/mounts',
    ],
  });
  t.is(root.stdout, '1\n', 'neither written nor removed');
  t.is(await sh('cat /run/secrets/token'), 'of the test\n');
  const directory = join(runRoot, 'c', container.id, 'secrets');
  t.deepEqual(readdirSync(directory).sort(), ['0', '1', '2']);
  t.is(statSync(directory).mode & 0o777, 0o700);
  await container.stop({ timeoutSec: 0 });
  t.throws(() => statSync(directory), { code: 'ENOENT' });
});

test('a secret lies in whatever is mounted above its place, and gives way to a mount at it', async (t) => {
  if (!ready(t)) return;
  storeOf(t);
  const rootfs = `${busyboxRoot(t)}:O`;
  await runWith(t, { input: 'of the test' }, 0, 'secret', 'create', 'token', '-');
  const below = async (path: string, ...flags: string[]) =>
    output(
      t,
      'run',
      '--rm',
      '--network',
      'none',
      '--secret',
      `token,target=${path}`,
      ...flags,
      '--rootfs',
      rootfs,
      'cat',
      path,
    );
  const at = '/run/secrets/token';
  t.is(await below(at, '--read-only', '--tmpfs', '/run'), 'of the test');
  t.is(await below(at, '--tmpfs', '/run/secrets:ro'), 'of the test');
  t.is(await below(at, '-v', '/run'), 'of the test');
  t.is(await below('/etc/app/key', '-v', 'conf:/etc/app'), 'of the test');
  const directory = temporaryDirectory(t);
  t.is(await below(at, '-v', `${directory}:/run`), 'of the test');
  writeFileSync(join(directory, 'own'), 'of the user');
  t.is(await below(at, '-v', `${join(directory, 'own')}:${at}`), 'of the user');
});

test('a container keeps what its secrets were when it was made', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await testEngine(t);
  await engine.secrets.create('token', 'first');
  const command = (content: string) => ['sh', '-c', `[ "$(cat /run/secrets/token) $TOKEN" = "${content} ${content}" ]`];
  const secrets = [{ source: 'token' }, { source: 'token', type: 'env', target: 'TOKEN' }] as const;
  const made = (content: string) =>
    options({ rootfs: busyboxRoot(t), rootfsOverlay: true, command: command(content), secrets });
  const container = await engine.containers.create(made('first'));
  await engine.secrets.create('token', 'second', { replace: true });
  t.is((await engine.run(made('second'))).exitCode, 0);
  await engine.secrets.remove('token');
  await rejectsWith(t, engine.run(made('second')), 'NO_SUCH_SECRET');
  await container.start();
  t.is(await container.wait(), 0);
});

test('a secret in the environment is in no configuration, and every exec and restart has it', async (t) => {
  if (!ready(t)) return;
  const { engine, options, root, runRoot } = await testEngine(t);
  await engine.secrets.create('token', 'v4lue-of-the-test');
  const container = await engine.containers.create(
    options({
      rootfs: busyboxRoot(t),
      rootfsOverlay: true,
      secrets: [{ source: 'token', type: 'env' }],
      restart: { policy: 'on-failure', maxRetries: 1 },
      command: ['sh', '-c', 'echo "$token" >> /seen; [ $(wc -l < /seen) = 2 ] && exec sleep 1000; exit 1'],
    }),
  );
  await container.start();
  // Its policy starts it again.
  const seen = async () => {
    try {
      return (await container.exec({ command: ['cat', '/seen'] })).stdout;
    } catch (error) {
      if (isTspodError(error, 'STATE_INVALID') || isTspodError(error, 'CONTAINER_STOPPED')) return '';
      throw error;
    }
  };
  await until('it was started twice', async () => (await seen()).split('\n').length === 3);
  t.is(await seen(), 'v4lue-of-the-test\nv4lue-of-the-test\n');
  t.is((await container.exec({ command: ['sh', '-c', 'echo $token'] })).stdout, 'v4lue-of-the-test\n');
  const inspected = container.inspect();
  t.false(JSON.stringify(inspected).includes('v4lue'));
  t.deepEqual(
    inspected.Config.Secrets?.map(({ Name }) => Name),
    ['token'],
  );
  const request = options({ image: 'host:', secrets: [{ source: 'token', type: 'env' }], command: ['true'] });
  t.false((await engine.explain(request)).includes('v4lue'));
  await engine.images.commit(container.id, { name: 'with:1' });
  t.false(JSON.stringify(engine.images.inspect('with:1')).includes('v4lue'));
  const found = execFileSync('grep', ['-rlaF', 'v4lue-of-the-test', root, runRoot], { encoding: 'utf8' }).split('\n');
  for (const path of found.filter(Boolean)) {
    if (path.endsWith('/seen')) continue;
    t.is(statSync(path).mode & 0o077, 0, `${path} is its owner's alone`);
  }
});

test('a secret in a user namespace belongs to its users', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await testEngine(t);
  await engine.secrets.create('token', 'of the test');
  const map = [{ containerId: 0, hostId: 200_000, size: 1000 }];
  const result = await engine.run(
    options({
      rootfs: busyboxRoot(t),
      rootfsOverlay: true,
      uidMaps: map,
      gidMaps: map,
      secrets: [{ source: 'token', uid: 5, gid: 6, mode: 0o440 }],
      command: ['sh', '-c', 'stat -c "%u %g %a" /run/secrets/token; cat /run/secrets/token'],
    }),
  );
  t.is(result.stdout, '5 6 440\nof the test');
});

test('what cannot be a secret, its name or its place is refused, and nothing is left', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await testEngine(t);
  await rejectsWith(t, engine.secrets.create('a/b', 'x'), 'INVALID_ARGUMENT');
  await rejectsWith(t, engine.secrets.create('..', 'x'), 'INVALID_ARGUMENT');
  await rejectsWith(t, engine.secrets.create('empty', ''), 'INVALID_ARGUMENT');
  await rejectsWith(t, engine.secrets.create('large', Buffer.alloc(512_000)), 'INVALID_ARGUMENT');
  await engine.secrets.create('largest', Buffer.alloc(511_999, 'x'));
  await engine.secrets.create('binary', Buffer.from([255]));
  await rejectsWith(t, engine.secrets.create('binary', 'x'), 'SECRET_EXISTS');
  const create = (...secrets: readonly { source: string; target?: string; type?: 'env' }[]) =>
    engine.containers.create(options({ image: 'host:', secrets, command: ['true'] }));
  await rejectsWith(t, create({ source: 'nope' }), 'NO_SUCH_SECRET');
  await rejectsWith(t, create({ source: 'binary', target: '../../etc/passwd' }), 'INVALID_ARGUMENT');
  await rejectsWith(t, create({ source: 'binary', target: '/' }), 'INVALID_ARGUMENT');
  await rejectsWith(t, create({ source: 'binary' }, { source: 'largest', target: 'binary' }), 'INVALID_ARGUMENT');
  t.deepEqual(engine.containers.list({ all: true }), []);
  const container = await create({ source: 'binary', type: 'env' });
  await rejectsWith(t, container.start(), 'INVALID_ARGUMENT');
  await container.remove();
});

test('a link in the image does not lead a secret out of it', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await testEngine(t);
  const outside = temporaryDirectory(t);
  const rootfs = busyboxRoot(t);
  execFileSync('rm', ['-rf', join(rootfs, 'run')]);
  execFileSync('ln', ['-s', outside, join(rootfs, 'run')]);
  await engine.secrets.create('token', 'of the test');
  const made = options({
    rootfs,
    rootfsOverlay: true,
    secrets: [{ source: 'token' }],
    command: ['cat', '/run/secrets/token'],
  });
  const result = await engine.run(made);
  t.is(result.stdout, 'of the test');
  t.deepEqual(readdirSync(outside), []);
});

test('other OCI runtimes give a container its secrets', async (t) => {
  if (!ready(t)) return;
  if (!requires(t, 'runc')) return;
  const { engine, options } = await testEngine(t);
  await engine.secrets.create('token', 'of the test');
  const result = await engine.run(
    options({
      rootfs: busyboxRoot(t),
      rootfsOverlay: true,
      runtime: 'runc',
      secrets: [{ source: 'token' }, { source: 'token', type: 'env', target: 'TOKEN' }],
      command: ['sh', '-c', 'cat /run/secrets/token; echo " $TOKEN"'],
    }),
  );
  t.is(result.stdout, 'of the test of the test\n');
});

test('secret create, ls, inspect, exists and rm', async (t) => {
  if (!ready(t)) return;
  const secret = (...args: string[]) => output(t, 'secret', ...args);
  const file = join(temporaryDirectory(t), 'secret');
  writeFileSync(file, 'of the file');
  t.is(await secret('ls'), 'ID          NAME        DRIVER      CREATED     UPDATED\n');
  const id = (await secret('create', '-l', 'a=b', '--driver-opts', 'c=d', 'one', file)).trim();
  t.regex(id, /^[0-9a-f]{25}$/);
  t.is((await run(t, 125, 'secret', 'create', 'one', file)).stderr, 'Error: one: secret name in use\n');
  t.is(await secret('create', '--ignore', 'one', file), `${id}\n`);
  const two = (await runWith(t, { input: 'of stdin' }, 0, 'secret', 'create', 'two', '-')).stdout.trim();
  t.is(await secret('ls', '-q', '--filter', 'name=tw'), `${two}\n`);
  t.is(await secret('ls', '-q', '--filter', `id=${id.slice(0, 8)}`), `${id}\n`);
  t.is(await secret('ls', '--filter', 'label=a', '--format', '{{.Name}} {{.Driver}}'), 'one file\n');
  t.regex(await secret('ls', '-n', '--filter', 'name=one'), new RegExp(`^${id}  one         file        .*ago`));
  const [report] = JSON.parse(await secret('inspect', 'one')) as Record<string, unknown>[];
  const { CreatedAt, UpdatedAt, ...rest } = report ?? {};
  t.regex(String(CreatedAt), /^2\d{3}-.*Z$/);
  t.is(UpdatedAt, CreatedAt);
  t.deepEqual(rest, {
    ID: id,
    Spec: { Name: 'one', Driver: { Name: 'file', Options: { c: 'd' } }, Labels: { a: 'b' } },
  });
  t.is(await secret('inspect', '--showsecret', '-f', '{{.SecretData}}', two.slice(0, 12)), 'of stdin\n');
  t.regex(
    await secret('inspect', '--pretty', 'one'),
    /^ID: {14}\S+\nName: {14}one\nLabels:\n - a=b\nDriver: {12}file\nCreated at: {8}2[\d-]{9} [\d:.]+ \+0000 UTC\nUpdated/,
  );
  t.regex(await secret('inspect', 'one'), /^\[\n {4}\{\n {8}"ID"/);
  t.is(
    (await run(t, 125, 'secret', 'inspect', 'nope')).stderr,
    'Error: inspecting secret: no secret with name or id "nope": no such secret\n',
  );
  await run(t, 0, 'secret', 'exists', 'one');
  await run(t, 1, 'secret', 'exists', 'nope');
  t.is((await run(t, 125, 'secret', 'rm', 'nope')).stderr, 'Error: no secret with name or id "nope": no such secret\n');
  await run(t, 0, 'secret', 'rm', '--ignore', 'nope');
  t.regex((await run(t, 125, 'secret', 'rm')).stderr, /requires one argument, or the --all flag/);
  t.regex((await run(t, 125, 'secret', 'create', '-d', 'pass', 'x', file)).stderr, /^Error: invalid driver/);
  t.is(
    (await run(t, 125, 'secret', 'create', 'x', '/no/file')).stderr,
    'Error: open /no/file: no such file or directory\n',
  );
  const events = await output(
    t,
    'events',
    '--stream=false',
    '--since',
    '1h',
    '--filter',
    'type=secret',
    '--format',
    '{{.Status}} {{.Name}}',
  );
  t.is(events, 'create one\ncreate two\n');
  t.is(await secret('rm', 'one'), `${id}\n`);
  t.is(await secret('rm', '--all'), `${two}\n`);
  const { root } = storeOf(t);
  t.is(statSync(join(root, 'tspod.db')).mode & 0o077, 0);
});

test('run --secret: as a file, at another place, and as a variable', async (t) => {
  if (!ready(t)) return;
  const root = busyboxRoot(t);
  await runWith(t, { input: 'of the test' }, 0, 'secret', 'create', 'token', '-');
  const { stdout } = await run(
    t,
    0,
    'run',
    '--rm',
    '--secret',
    'token',
    '--secret',
    'source=token,target=/etc/token,uid=1,gid=2,mode=400',
    '--secret',
    'token,type=env,target=TOKEN',
    '--rootfs',
    `${root}:O`,
    'sh',
    '-c',
    'cat /run/secrets/token; stat -c " %u %g %a" /etc/token; echo $TOKEN',
  );
  t.regex(stdout, /^of the test 1 2 400\nof the test\n$/);
  t.is(
    (await run(t, 125, 'run', '--secret', 'token,type=env,mode=1', 'host:', 'true')).stderr,
    'Error: UID, GID, Mode options cannot be set with secret type env\n',
  );
  t.regex(
    (await run(t, 125, 'run', '--secret', 'no', 'host:', 'true')).stderr,
    /^Error: no secret with name or id "no"/,
  );
});
