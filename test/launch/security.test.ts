/** Capabilities, no new privileges, system call filters, labels. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { CODES } from '../../src/plan/codes.js';
import type { Step } from '../../src/plan/ops.js';
import { init, runContained } from '../helpers/contained.js';
import type { Outcome } from '../helpers/contained.js';
import { has, requires } from '../helpers/requires.js';

const CHOWN = 1n;
const KILL = 1n << 5n;
const NET_BIND = 1n << 10n;

const useIds = (uid: number): Step[] => [init({ op: 'useIds', uid, gid: uid, groups: [uid] }), init({ op: 'setIds' })];
const capabilities = (applies: number, mask: bigint, ambient = 0n): Step =>
  init({ op: 'capabilities', applies, effective: mask, permitted: mask, inheritable: ambient, ambient });
const bounding = (mask: bigint): Step => init({ op: 'boundingCapabilities', mask });

/** The five sets of the command, as /proc shows them. */
async function capabilitySets(t: ExecutionContext, after: readonly Step[]): Promise<Record<string, bigint>> {
  const outcome = await runContained(t, { proc: true, after, command: ['cat', '/proc/self/status'] });
  t.is(outcome.end, 'exit 0');
  const lines = outcome.stdout.matchAll(/^Cap(\w+):\t([0-9a-f]+)$/gm);
  return Object.fromEntries([...lines].map((line): [string, bigint] => [line[1] ?? '', BigInt(`0x${line[2]}`)]));
}

test('boundingCapabilities, capabilities: root has what is in the sets and no more', async (t) => {
  if (!requires(t, 'root')) return;
  const sets = await capabilitySets(t, [bounding(CHOWN | KILL), ...useIds(0), capabilities(0, CHOWN | KILL)]);
  t.deepEqual(sets, { Inh: 0n, Prm: CHOWN | KILL, Eff: CHOWN | KILL, Bnd: CHOWN | KILL, Amb: 0n });
});

test('capabilities: a user has none unless they are ambient', async (t) => {
  if (!requires(t, 'root')) return;
  const none = await capabilitySets(t, [
    bounding(CHOWN | NET_BIND),
    ...useIds(1000),
    capabilities(0, CHOWN | NET_BIND),
  ]);
  t.deepEqual(none, { Inh: 0n, Prm: 0n, Eff: 0n, Bnd: CHOWN | NET_BIND, Amb: 0n });
  const ambient = await capabilitySets(t, [
    bounding(CHOWN | NET_BIND),
    ...useIds(1000),
    capabilities(0, NET_BIND, NET_BIND),
  ]);
  t.deepEqual(ambient, { Inh: NET_BIND, Prm: NET_BIND, Eff: NET_BIND, Bnd: CHOWN | NET_BIND, Amb: NET_BIND });
});

test('capabilities: what is meant for root and what for others is told apart by the uid looked up', async (t) => {
  if (!requires(t, 'root')) return;
  const both = [capabilities(1, CHOWN), capabilities(2, KILL, KILL)];
  t.is((await capabilitySets(t, [bounding(CHOWN | KILL), ...useIds(0), ...both]))['Amb'], 0n);
  t.is((await capabilitySets(t, [bounding(CHOWN | KILL), ...useIds(5), ...both]))['Eff'], KILL);
});

test('setIds: a user that nobody took capabilities from has none after exec all the same', async (t) => {
  if (!requires(t, 'root')) return;
  const sets = await capabilitySets(t, useIds(1000));
  t.like(sets, { Inh: 0n, Prm: 0n, Eff: 0n, Amb: 0n });
});

test('capabilities: ambient ones that are not permitted are an error', async (t) => {
  if (!requires(t, 'root')) return;
  const { end } = await runContained(t, {
    after: [
      init({
        op: 'capabilities',
        applies: CODES.applies.always,
        effective: 0n,
        permitted: 0n,
        inheritable: 0n,
        ambient: KILL,
      }),
    ],
  });
  t.is(end, 'failed capabilities EPERM prctl PR_CAP_AMBIENT 5');
});

test('noNewPrivileges', async (t) => {
  if (!requires(t, 'root')) return;
  t.is((await runContained(t, { command: ['security'] })).value('no_new_privs'), '0');
  const { value } = await runContained(t, { after: [init({ op: 'noNewPrivileges' })], command: ['security'] });
  t.is(value('no_new_privs'), '1');
});

// Instructions of classic BPF (linux/filter.h), for filters small enough to be written by hand.
const LOAD_NUMBER = [0x20, 0, 0, 0] as const;
const jumpIfEqual = (number: number, yes: number, no: number): readonly [number, number, number, number] => [
  0x15,
  yes,
  no,
  number,
];
const answer = (value: number): readonly [number, number, number, number] => [0x06, 0, 0, value];
const ALLOW = 0x7fff_0000;
const KILL_PROCESS = 0x8000_0000;
const errnoAnswer = (errno: number): number => 0x0005_0000 | errno;

function filter(...instructions: readonly (readonly [number, number, number, number])[]): Uint8Array {
  const bytes = Buffer.alloc(instructions.length * 8);
  instructions.forEach(([code, yes, no, value], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(yes, index * 8 + 2);
    bytes.writeUInt8(no, index * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4);
  });
  return bytes;
}

/** sched_yield(2): harmless, and nobody needs it on the way to exec. */
const YIELD = process.arch === 'arm64' ? 124 : 24;
const GETCWD = process.arch === 'arm64' ? 17 : 79;
const EXECVE = process.arch === 'arm64' ? 221 : 59;

const deny = (number: number, how: number): Uint8Array =>
  filter(LOAD_NUMBER, jumpIfEqual(number, 0, 1), answer(how), answer(ALLOW));
const seccomp = (program: Uint8Array, flags = 0): Step => init({ op: 'seccomp', flags, filter: program });

async function filtered(t: ExecutionContext, steps: readonly Step[]): Promise<Outcome> {
  return runContained(t, { after: steps, command: ['syscall', `${YIELD}`, '--', 'cwd', '--', 'security'] });
}

test('seccomp: a filter decides; others are not concerned', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await filtered(t, [seccomp(deny(YIELD, errnoAnswer(95)))]);
  t.is(outcome.value('syscall'), '!EOPNOTSUPP');
  t.is(outcome.value('cwd'), '/');
  t.is(outcome.value('seccomp'), '2');
});

test('seccomp: without privileges after noNewPrivileges, with flags', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await filtered(t, [
    ...useIds(1000),
    init({
      op: 'capabilities',
      applies: CODES.applies.always,
      effective: 0n,
      permitted: 0n,
      inheritable: 0n,
      ambient: 0n,
    }),
    init({ op: 'noNewPrivileges' }),
    seccomp(deny(GETCWD, errnoAnswer(1)), 2 | 4),
  ]);
  t.is(outcome.value('cwd'), '!EPERM');
});

test('seccomp: without privileges and without noNewPrivileges is an error', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await filtered(t, [
    ...useIds(1000),
    init({
      op: 'capabilities',
      applies: CODES.applies.always,
      effective: 0n,
      permitted: 0n,
      inheritable: 0n,
      ambient: 0n,
    }),
    seccomp(deny(GETCWD, errnoAnswer(1))),
  ]);
  t.is(outcome.end, 'failed seccomp EACCES seccomp');
});

test('seccomp: what is no filter is an error', async (t) => {
  if (!requires(t, 'root')) return;
  t.is((await filtered(t, [seccomp(Buffer.from('seven..'))])).end, 'failed seccomp EINVAL seccomp filter');
  t.is((await filtered(t, [seccomp(filter([0xff, 0, 0, 0]))])).end, 'failed seccomp EINVAL seccomp');
});

test('seccomp: a filter that forbids exec is a failure of the launch, with errno', async (t) => {
  if (!requires(t, 'root')) return;
  t.is((await filtered(t, [seccomp(deny(EXECVE, errnoAnswer(1)))])).end, 'failed exec EPERM execve /probe');
});

test('seccomp: a filter that kills before exec is told from a command that was killed', async (t) => {
  if (!requires(t, 'root')) return;
  const killed = await filtered(t, [seccomp(deny(EXECVE, KILL_PROCESS))]);
  t.is(killed.end, 'failed - ECHILD ended before exec: killed by signal 31');
  const command = await runContained(t, {
    after: [seccomp(deny(YIELD, KILL_PROCESS))],
    command: ['syscall', `${YIELD}`],
  });
  t.is(command.end, 'signal 31');
});

test('apparmor: a profile, or an error that says what the kernel lacks', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, {
    proc: true,
    after: [init({ op: 'apparmor', profile: 'unconfined' })],
    command: ['cat', '/proc/self/attr/current'],
  });
  if (has('apparmor')) t.is(outcome.stdout, 'unconfined\n');
  else t.regex(outcome.end, /^failed apparmor (ENOENT|EINVAL|EOPNOTSUPP) /);
});

test('selinux: a label, or an error that says what the kernel lacks', async (t) => {
  if (!requires(t, 'root')) return;
  const { end } = await runContained(t, { after: [init({ op: 'selinux', label: 'system_u:system_r:no_such_t:s0' })] });
  t.regex(end, has('selinux') ? /^failed selinux EINVAL / : /^failed selinux (ENOENT|EINVAL|EOPNOTSUPP) /);
});

test('boundingCapabilities: no mask reaches beyond what this kernel knows', async (t) => {
  if (!requires(t, 'root')) return;
  const last = BigInt(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8').trim());
  const all = (await capabilitySets(t, [bounding(0xffff_ffff_ffff_ffffn)]))['Bnd'] ?? 0n;
  t.true(all > 0n && all < 1n << (last + 1n));
  t.is((await capabilitySets(t, [bounding(0n)]))['Bnd'], 0n);
});
