import { mkdirSync, rmdirSync, rmSync } from 'node:fs';
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
const IN_TURN = 20;

/** Of the thread that reads it: /proc/net is that of the process. */
const COUNTERS = '/proc/thread-self/net/dev';

/** `enter` is the least that can be done there: one system call (gethostname), as `true` is for the peers. The others do the same on both sides. */
export async function run({ fresh, atEnd }, { rounds = 200 }) {
  const native = await import(join(repository, 'dist/native/index.js'));
  const name = fresh();
  const path = join(NAMED, name);
  const clean = removes(native, path, mkdirSync(NAMED, { recursive: true }));
  atEnd(clean);
  const made = await native.createNamespace('net');
  try {
    await native.pinNamespace(made, path);
    const measure = (inside) => race(contestants({ native, inside, name, path }), { rounds, warmUp: 10 });
    const results = await native.withNamespaces({ net: path }, measure);
    return { results, ratios: ratios(results) };
  } finally {
    made.close();
    await clean();
  }
}

/** The pin, and the directory of the machine's names if it was made for it. */
function removes(native, path, madeDirectory) {
  return async () => {
    await native.unmount(path, { detach: true }).catch(() => undefined);
    rmSync(path, { force: true });
    if (madeDirectory === undefined) return;
    try {
      rmdirSync(NAMED);
    } catch {
      // It is gone already, or others have names in it meanwhile.
    }
  };
}

function contestants({ native, inside, name, path }) {
  const enter = () => inside.hostname();
  const byPath = () => native.readFileInside(COUNTERS, { inside: { net: path } });
  const spawned = (file, ...words) => ({
    name: [file, ...words].join(' ').replace(path, 'NS').replace(name, 'NS'),
    once: () => timed(() => runProgram(file, words)),
  });
  return [
    { name: 'enter', once: () => inTurn(enter) },
    { name: `enter, ${AT_ONCE} at once, each`, once: () => atOnce(enter) },
    { name: 'readFile', once: () => inTurn(() => inside.readFile(COUNTERS)) },
    { name: 'readFileInside by path', once: () => inTurn(byPath) },
    { name: 'findLink', once: () => inTurn(() => inside.findLink('lo')) },
    { name: 'addAddress', once: () => timed(() => inside.addAddress('lo', ADDRESS)) },
    { name: 'removeAddress', once: () => timed(() => inside.removeAddress('lo', ADDRESS)) },
    spawned('ip', 'netns', 'exec', name, 'true'),
    spawned('ip', 'netns', 'exec', name, 'cat', '/proc/net/dev'),
    spawned('nsenter', `--net=${path}`, 'true'),
    spawned('ip', '-netns', name, 'address', 'add', ADDRESS, 'dev', 'lo'),
    spawned('ip', '-netns', name, 'address', 'delete', ADDRESS, 'dev', 'lo'),
  ];
}

/** What takes microseconds is done some times, or all of it would be what the program before has left in the caches. */
async function inTurn(action) {
  const nanoseconds = await timed(async () => {
    for (let number = 0; number < IN_TURN; number++) await action();
  });
  return nanoseconds / IN_TURN;
}

async function atOnce(action) {
  return (await timed(() => Promise.all(Array.from({ length: AT_ONCE }, action)))) / AT_ONCE;
}

function ratios(results) {
  const exec = 'ip netns exec NS true';
  const faster = (ours, peer, target = {}) =>
    ratio(results, { name: `${peer} / ${ours}`, ours, peer, times: true, ...target });
  return [
    faster('enter', exec, { atLeast: 100 }),
    faster('enter', 'nsenter --net=NS true'),
    faster(`enter, ${AT_ONCE} at once, each`, exec),
    faster('readFile', 'ip netns exec NS cat /proc/net/dev'),
    faster('addAddress', `ip -netns NS address add ${ADDRESS} dev lo`),
  ];
}
