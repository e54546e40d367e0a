/** The other engines: where they run, and how each of them does the same work. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childEnvironment, runProgram } from './measure.mjs';

const HYBRID = '/sys/fs/cgroup/unified';
const SCRIPTS = fileURLToPath(new URL('.', import.meta.url));

/**
 * A helper process in a mount namespace without the bare cgroup v2; with `root`, in that Debian tree, where `shared` directories are seen as
 * well. Its calls resolve to { nanoseconds, result }. It is in a session of its own: Ctrl-C would end it, and it is needed to end what it has
 * started.
 */
export function startPeerHost({ root, shared }) {
  const prepare = existsSync(HYBRID) ? `umount ${HYBRID} && ` : '';
  const command =
    root === undefined
      ? [process.execPath, join(SCRIPTS, 'peer-host.mjs')]
      : [join(SCRIPTS, 'enter-peer-root.sh'), root, process.execPath, SCRIPTS, ...shared];
  const child = spawn('unshare', ['-m', 'sh', '-c', `${prepare}exec "$0" "$@"`, ...command], {
    env: childEnvironment,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  const call = callsTo(child);
  return {
    run: (file, args, options = {}) => call('runProgram', [file, args, options]),
    echo: (file, args, options) => call('echoLines', [file, args, options]),
    has: (program) => findProgram(call, program),
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.disconnect();
      await ended;
    },
  };
}

function callsTo(child) {
  const waiting = new Map();
  let lastId = 0;
  child.on('message', ({ id, error, ...answer }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(answer);
    else reject(new Error(error));
  });
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('the peer host ended'));
  });
  return (call, args) =>
    new Promise((resolve, reject) => {
      waiting.set(++lastId, { resolve, reject });
      child.send({ id: lastId, call, args }, (error) => error && reject(error));
    });
}

/** Not every peer is on every machine. */
async function findProgram(call, program) {
  const search = call('runProgram', ['sh', ['-c', 'command -v "$0"', program], {}]);
  return search.then(
    () => true,
    () => false,
  );
}

/** Podman with a store of its own, without network set-up, with limits that this process may set. */
export function podman({ directory, runDirectory }) {
  const configuration = join(directory, 'containers.conf');
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    configuration,
    '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]\n[engine]\nevents_logger = "none"\n',
  );
  const globals = [
    '--root',
    join(directory, 'root'),
    '--runroot',
    join(runDirectory, 'run'),
    '--tmpdir',
    join(runDirectory, 'tmp'),
    '--cgroup-manager',
    'cgroupfs',
    '--storage-driver',
    'overlay',
    '--runtime',
    'crun',
  ];
  const env = { ...childEnvironment, CONTAINERS_CONF: configuration, PODMAN_IGNORE_CGROUPSV1_WARNING: '1' };
  return { env, globals };
}

/**
 * Compiles the floor and starts it, in a session of its own as well. `once` resolves to the nanoseconds of one launch, `close` when the
 * program has ended.
 */
export async function startBareLoop(directory, { rootfs, command }) {
  const program = join(directory, 'bare-launch');
  const source = fileURLToPath(new URL('../../native/bench/bare-launch.c', import.meta.url));
  await runProgram('cc', ['-O2', '-o', program, source]);
  const child = spawn(program, [rootfs, join(directory, 'bare-work'), command], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const waiting = [];
  let ended = false;
  child.stdout.setEncoding('utf8').on('data', (text) => {
    for (const line of text.trim().split('\n')) waiting.shift()?.resolve(Number(line));
  });
  child.stdin.on('error', () => undefined); // the end of the program says it
  child.on('exit', () => {
    ended = true;
    for (const { reject } of waiting) reject(new Error('bare-launch ended'));
  });
  return {
    once: () =>
      new Promise((resolve, reject) => {
        if (ended) return reject(new Error('bare-launch ended'));
        waiting.push({ resolve, reject });
        child.stdin.write('go\n');
      }),
    async close() {
      if (ended) return;
      const exit = new Promise((resolve) => child.once('exit', resolve));
      child.stdin.end();
      await exit;
    },
  };
}
