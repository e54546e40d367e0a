/** The other engines: where they run, and how each of them does the same work. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childEnvironment, runProgram } from './measure.mjs';

const HYBRID = '/sys/fs/cgroup/unified';

/** A helper process in a mount namespace without the bare cgroup v2. Its `run` resolves to { nanoseconds, result }. */
export function startPeerHost() {
  const script = fileURLToPath(new URL('./peer-host.mjs', import.meta.url));
  const prepare = existsSync(HYBRID) ? `umount ${HYBRID} && ` : '';
  const child = spawn('unshare', ['-m', 'sh', '-c', `${prepare}exec "$0" "$@"`, process.execPath, script], {
    env: childEnvironment,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
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
  return {
    run(file, args, options) {
      return new Promise((resolve, reject) => {
        waiting.set(++lastId, { resolve, reject });
        child.send({ id: lastId, file, args, options });
      });
    },
    async close() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.disconnect();
      await ended;
    },
  };
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
  return { env: { ...childEnvironment, CONTAINERS_CONF: configuration }, globals };
}

/** Compiles the floor and starts it; `once` resolves to the nanoseconds of one launch. */
export async function startBareLoop(directory, { rootfs, command }) {
  const program = join(directory, 'bare-launch');
  const source = fileURLToPath(new URL('../../native/bench/bare-launch.c', import.meta.url));
  await runProgram('cc', ['-O2', '-o', program, source]);
  const child = spawn(program, [rootfs, join(directory, 'bare-work'), command], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = [];
  let ended = false;
  child.stdout.setEncoding('utf8').on('data', (text) => {
    for (const line of text.trim().split('\n')) waiting.shift()?.resolve(Number(line));
  });
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
    close: () => child.stdin.end(),
  };
}
