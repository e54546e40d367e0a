import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../contestants.mjs';
import { race, runProgram, timed } from '../measure.mjs';
import { ratio } from '../ratio.mjs';

export const title = 'one operation in a named network namespace: tspod/native beside programs that are started there';
export const needs = { ip: 'iproute2', nsenter: 'util-linux' };

/** Where ip-netns(8) looks for names. */
const NAMED = '/run/netns';

const ADDRESS = '198.51.100.7/32';
const AT_ONCE = 64;

/** The peers do nothing there (`true`), or the same as we. */
export async function run({ fresh }, { rounds = 200 }) {
  const native = await import(join(repository, 'dist/native/index.js'));
  const name = fresh();
  const path = join(NAMED, name);
  mkdirSync(NAMED, { recursive: true });
  const made = await native.createNamespace('net');
  try {
    await native.pinNamespace(made, path);
    const measure = (inside) => race(contestants({ native, inside, name, path }), { rounds, warmUp: 10 });
    const results = await native.withNamespaces({ net: path }, measure);
    return { results, ratios: ratios(results) };
  } finally {
    made.close();
    await native.unmount(path, { detach: true }).catch(() => undefined);
    rmSync(path, { force: true });
  }
}

function contestants({ native, inside, name, path }) {
  const read = () => inside.readFile('/proc/thread-self/net/dev');
  const spawned = (file, ...words) => ({
    name: [file, ...words].join(' ').replace(path, 'NS').replace(name, 'NS'),
    once: () => timed(() => runProgram(file, words)),
  });
  const address = async (change) => inside[change]('lo', ADDRESS);
  return [
    { name: 'readFile', once: () => timed(read) },
    { name: `readFile, ${AT_ONCE} at once, each`, once: () => eachOf(AT_ONCE, read) },
    {
      name: 'readFileInside by path',
      once: () => timed(() => native.readFileInside('/proc/thread-self/net/dev', { inside: { net: path } })),
    },
    { name: 'findLink', once: () => timed(() => inside.findLink('lo')) },
    { name: 'addAddress', once: () => timed(() => address('addAddress')) },
    { name: 'removeAddress', once: () => timed(() => address('removeAddress')) },
    spawned('ip', 'netns', 'exec', name, 'true'),
    spawned('ip', 'netns', 'exec', name, 'cat', '/proc/net/dev'),
    spawned('nsenter', `--net=${path}`, 'true'),
    spawned('ip', '-netns', name, 'address', 'add', ADDRESS, 'dev', 'lo'),
    spawned('ip', '-netns', name, 'address', 'delete', ADDRESS, 'dev', 'lo'),
  ];
}

async function eachOf(count, action) {
  return (await timed(() => Promise.all(Array.from({ length: count }, action)))) / count;
}

function ratios(results) {
  const exec = 'ip netns exec NS true';
  const faster = (ours, peer, target = {}) =>
    ratio(results, { name: `${peer} / ${ours}`, ours, peer, times: true, ...target });
  return [
    faster('readFile', exec, { atLeast: 100 }),
    faster('readFile', 'nsenter --net=NS true'),
    faster('readFile', 'ip netns exec NS cat /proc/net/dev'),
    faster(`readFile, ${AT_ONCE} at once, each`, exec),
    faster('addAddress', exec),
    faster('addAddress', `ip -netns NS address add ${ADDRESS} dev lo`),
  ];
}
