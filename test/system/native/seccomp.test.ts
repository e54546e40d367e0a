/** Filters that libseccomp compiles, as the kernel applies them. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { compileSeccomp } from '../../../src/native/index.js';
import type { SeccompConfig, SeccompRule } from '../../../src/native/index.js';
import { spawnMonitor } from '../../../src/native/monitor-spawn.js';
import { runPlan } from '../../../src/native/run-plan.js';
import { encodePlan } from '../../../src/plan/encode.js';
import type { Step } from '../../../src/plan/ops.js';
import { defaultSeccomp } from '../../../src/spec/confinement/seccomp.js';
import { runFilter } from '../../helpers/classic-bpf.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

interface Ending {
  readonly code: number;
  readonly signal: number;
  readonly stderr: string;
}

/** Runs a program under the filter. */
async function under(profile: SeccompConfig, ...command: readonly string[]): Promise<Ending> {
  const plain = runPlan({
    command,
    environment: ['PATH=/usr/bin:/bin', 'LC_ALL=C'],
    workingDirectory: '/',
    created: [],
    joined: [],
    uidMap: '',
    gidMap: '',
    privileged: true,
    ids: undefined,
    streamFds: undefined,
    timeLimitMs: 0,
  });
  const filter: Step[] = [
    { op: 'noNewPrivileges', stage: 'init' },
    { op: 'seccomp', stage: 'init', flags: 0, filter: compileSeccomp(profile) },
  ];
  const plan = encodePlan({ steps: [...plain.steps.slice(0, -1), ...filter, ...plain.steps.slice(-1)] });
  const monitor = spawnMonitor();
  let ending: Ending | undefined;
  let stderr = '';
  monitor.onMessage((message) => {
    if (message.name === 'stderr') stderr += Buffer.from(message.data).toString();
    if (message.name === 'exited') ending = { code: message.code, signal: message.signal, stderr: '' };
    if (message.name === 'failed') stderr += `${message.detail} ${message.errno}`;
  });
  monitor.send('attach', { stdin: 0, stdout: 1, stderr: 1 });
  monitor.send('launch', { plan });
  await monitor.closed;
  return { code: -1, signal: 0, ...ending, stderr };
}

/** All is allowed but what the rules say. */
function allBut(...syscalls: readonly SeccompRule[]): SeccompConfig {
  return { defaultAction: 'SCMP_ACT_ALLOW', syscalls };
}

const MKDIR: SeccompRule = { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' };

function needs(t: ExecutionContext): boolean {
  return requires(t, 'libseccomp', 'root', 'plainMonitor');
}

test('a filter is whole instructions', (t) => {
  if (!requires(t, 'libseccomp')) return;
  const program = compileSeccomp(allBut(MKDIR));
  t.is(program.length % 8, 0);
  t.true(program.length > 0 && program.length < 4096 * 8);
});

test('the same profile gives the same filter', (t) => {
  if (!requires(t, 'libseccomp')) return;
  const profile = defaultSeccomp(new Set(), process.arch);
  t.deepEqual(compileSeccomp(profile), compileSeccomp(profile));
});

test('a refused call fails with the errno of its rule', async (t) => {
  if (!needs(t)) return;
  const target = `${temporaryDirectory(t)}/new`;
  t.like(await under(allBut(MKDIR), 'mkdir', target), {
    code: 1,
    stderr: `mkdir: cannot create directory '${target}': Operation not permitted\n`,
  });
  const result = await under(allBut({ ...MKDIR, errnoRet: 28 }), 'mkdir', target);
  t.regex(result.stderr, /No space left on device/);
  t.like(await under(allBut(), 'mkdir', target), { code: 0 });
});

test('a call may end the program', async (t) => {
  if (!needs(t)) return;
  const killed = await under(
    allBut({ ...MKDIR, action: 'SCMP_ACT_KILL_PROCESS' }),
    'mkdir',
    `${temporaryDirectory(t)}/new`,
  );
  t.is(killed.signal, 31);
});

test('a rule with conditions holds when all of them do', async (t) => {
  if (!needs(t)) return;
  const mode = (value: number): SeccompConfig =>
    allBut({ ...MKDIR, names: ['mkdir'], args: [{ index: 1, value, op: 'SCMP_CMP_EQ' }] });
  const directory = temporaryDirectory(t);
  t.is((await under(mode(0o711), 'mkdir', '-m', '711', `${directory}/a`)).code, 1);
  t.is((await under(mode(0o712), 'mkdir', '-m', '711', `${directory}/b`)).code, 0);
  const masked = allBut({
    ...MKDIR,
    names: ['mkdir'],
    args: [{ index: 1, value: 0o7, valueTwo: 0o1, op: 'SCMP_CMP_MASKED_EQ' }],
  });
  t.is((await under(masked, 'mkdir', '-m', '701', `${directory}/c`)).code, 1);
  t.is((await under(masked, 'mkdir', '-m', '702', `${directory}/d`)).code, 0);
});

test('two conditions on one argument are alternatives', async (t) => {
  if (!needs(t)) return;
  const either = allBut({
    names: ['mkdir'],
    action: 'SCMP_ACT_ERRNO',
    args: [
      { index: 1, value: 0o711, op: 'SCMP_CMP_EQ' },
      { index: 1, value: 0o722, op: 'SCMP_CMP_EQ' },
    ],
  });
  const directory = temporaryDirectory(t);
  t.is((await under(either, 'mkdir', '-m', '711', `${directory}/a`)).code, 1);
  t.is((await under(either, 'mkdir', '-m', '722', `${directory}/b`)).code, 1);
  t.is((await under(either, 'mkdir', '-m', '733', `${directory}/c`)).code, 0);
});

test('names that this libseccomp does not know are passed over', (t) => {
  if (!requires(t, 'libseccomp')) return;
  const rule: SeccompRule = { ...MKDIR, names: ['no_such_call', ...MKDIR.names, 'another_of_2099'] };
  t.deepEqual(compileSeccomp(allBut(rule)), compileSeccomp(allBut(MKDIR)));
});

test('a rule that does what the default does is none', (t) => {
  if (!requires(t, 'libseccomp')) return;
  const empty: SeccompConfig = { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 38 };
  const rule: SeccompRule = { names: ['mkdir'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 };
  t.deepEqual(compileSeccomp({ ...empty, syscalls: [rule] }), compileSeccomp(empty));
  t.notDeepEqual(compileSeccomp({ ...empty, syscalls: [{ ...rule, errnoRet: 1 }] }), compileSeccomp(empty));
});

test('a rule may be for some architectures only', (t) => {
  if (!requires(t, 'libseccomp')) return;
  const both = ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'] as const;
  const profile = (architectures?: SeccompRule['architectures']): SeccompConfig => ({
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: both,
    syscalls: [{ ...MKDIR, ...(architectures === undefined ? {} : { architectures }) }],
  });
  const sizes = [profile(), profile(['SCMP_ARCH_X86']), profile([])].map((one) => compileSeccomp(one).length);
  t.true(sizes[0]! > sizes[1]! && sizes[1]! > sizes[2]!, sizes.join());
});

test('ordinary programs run under the default profile', async (t) => {
  if (!needs(t)) return;
  const profile = defaultSeccomp(new Set(['CAP_CHOWN', 'CAP_SETUID']), process.arch);
  t.like(await under(profile, 'sh', '-c', 'ls / | sort | head -1; touch $(mktemp); date'), { code: 0, stderr: '' });
  t.regex((await under(profile, '/usr/sbin/chroot', '/', 'true')).stderr, /Operation not permitted/);
});

const ALLOW = 0x7fff0000;
const refusedWith = (errno: number): number => 0x00050000 | errno;
const [EPERM, ENOSYS] = [1, 38];
/** On x86-64. */
const MKDIR_NUMBER = 83;

test('the default filter decides by number and arguments, in a few comparisons', (t) => {
  if (!requires(t, 'libseccomp')) return;
  const filter = compileSeccomp(defaultSeccomp(new Set(['CAP_CHOWN']), 'x64'));
  const decide = (number: number, ...args: readonly bigint[]) => runFilter(filter, { number, args }).action;
  for (const allowed of [0, 1, 59, 231, 257, 435]) t.is(decide(allowed), ALLOW, `call ${allowed}`);
  for (const withheld of [153, 175, 246, 321]) t.is(decide(withheld), refusedWith(EPERM), `call ${withheld}`);
  t.is(decide(135, 0x20008n), ALLOW, 'personality PER_LINUX32 with UNAME26');
  t.not(decide(135, 0x0400000n), ALLOW, 'personality ADDR_COMPAT_LAYOUT');
  t.is(decide(41, 2n, 1n), ALLOW, 'an IPv4 socket');
  t.not(decide(41, 16n, 3n, 9n), ALLOW, 'a socket of the audit protocol');
  t.is(decide(999), refusedWith(ENOSYS), 'a call of the future');
  const steps = Array.from({ length: 1000 }, (_, number) => runFilter(filter, { number }).steps);
  t.true(Math.max(...steps) < 100, `${Math.max(...steps)} instructions`);
});

for (const [what, profile] of Object.entries({
  'an unknown action': { defaultAction: 'SCMP_ACT_MAYBE' },
  'an unknown architecture': { defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_Z80'] },
  'an architecture without prefix': { defaultAction: 'SCMP_ACT_ALLOW', architectures: ['x86_64'] },
  'an errno that is none': { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 5000 },
  'an argument index of 6': allBut({ ...MKDIR, args: [{ index: 6, value: 0, op: 'SCMP_CMP_EQ' }] }),
  'an unknown operator': allBut({ ...MKDIR, args: [{ index: 0, value: 0, op: 'SCMP_CMP_SAME' as 'SCMP_CMP_EQ' }] }),
  'an operator that objects have': allBut({
    ...MKDIR,
    args: [{ index: 0, value: 0, op: 'toString' as 'SCMP_CMP_EQ' }],
  }),
  'an action that objects have': { defaultAction: 'constructor' },
  'a negative value': allBut({ ...MKDIR, args: [{ index: 0, value: -1, op: 'SCMP_CMP_EQ' }] }),
  'a value that JSON has rounded': allBut(
    JSON.parse(
      '{"names":["mkdir"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":18446744073709551615,"op":"SCMP_CMP_EQ"}]}',
    ) as SeccompRule,
  ),
  'a number that may be another one': allBut({ ...MKDIR, args: [{ index: 0, value: 2 ** 53, op: 'SCMP_CMP_EQ' }] }),
  'a value of 65 bits': allBut({ ...MKDIR, args: [{ index: 0, value: 0, valueTwo: 2n ** 64n, op: 'SCMP_CMP_EQ' }] }),
})) {
  test(`a profile with ${what} is refused`, (t) => {
    if (!requires(t, 'libseccomp')) return;
    t.throws(() => compileSeccomp(profile as SeccompConfig), { name: 'TspodError', code: 'INVALID_ARGUMENT' });
  });
}

for (const [what, profile] of Object.entries({
  'text for names': allBut({ ...MKDIR, names: 'reboot' as unknown as string[] }),
  'a name that is none': allBut({ ...MKDIR, names: [5 as unknown as string] }),
  'a NUL in a name': allBut({ ...MKDIR, names: ['mkdir\0'] }),
  'an object for rules': { defaultAction: 'SCMP_ACT_ALLOW', syscalls: {} },
  'an object for conditions': allBut({ ...MKDIR, args: {} as [] }),
  'text for architectures': { defaultAction: 'SCMP_ACT_ALLOW', architectures: 'SCMP_ARCH_X86' },
  'text for the architectures of a rule': allBut({ ...MKDIR, architectures: 'SCMP_ARCH_X86_64' as unknown as [] }),
})) {
  test(`a profile with ${what} is misuse`, (t) => {
    if (!requires(t, 'libseccomp')) return;
    t.throws(() => compileSeccomp(profile as SeccompConfig), { instanceOf: TypeError });
  });
}

test('a value of 64 bits is compared as it is', (t) => {
  if (!requires(t, 'libseccomp')) return;
  const filter = (value: number | bigint) =>
    compileSeccomp(allBut({ ...MKDIR, args: [{ index: 0, value, op: 'SCMP_CMP_EQ' }] }));
  const most = 2n ** 64n - 1n;
  const decide = (program: Uint8Array, argument: bigint) =>
    runFilter(program, { number: MKDIR_NUMBER, args: [argument] }).action;
  t.is(decide(filter(most), most), refusedWith(EPERM));
  for (const other of [0n, most - 1n, 2n ** 53n]) t.is(decide(filter(most), other), ALLOW);
  t.deepEqual(filter(7), filter(7n));
});
