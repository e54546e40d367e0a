import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';

import { stringifyExactly } from '../../../src/oci/exact-json.js';
import type { SeccompConfig, SeccompRule } from '../../../src/oci/seccomp.js';
import { CAPABILITIES } from '../../../src/util/capabilities.js';
import { parseSeccompProfile, profileSeccomp } from '../../../src/spec/confinement/seccomp-profile.js';
import { blocksWithout, defaultSeccomp } from '../../../src/spec/confinement/seccomp.js';
import { ALLOWED_SINCE } from '../../../src/spec/confinement/seccomp-default.js';
import { DEFAULT_CAPABILITIES } from '../../../src/spec/confinement/capabilities.js';
import { specOf } from '../../helpers/plans.js';
import { skip } from '../../helpers/requires.js';

const PODMANS = '/usr/share/containers/seccomp.json';

/** Names by action, of rules without arguments. */
function unconditional(config: SeccompConfig, action: string): ReadonlySet<string> {
  const rules = (config.syscalls ?? []).filter((rule) => rule.action === action && (rule.args ?? []).length === 0);
  return new Set(rules.flatMap(({ names }) => names));
}

/** What a filter says of socket(2) with these arguments. */
function socketVerdict(config: SeccompConfig, family: number, protocol: number): string {
  const verdicts = (config.syscalls ?? [])
    .filter((rule) => rule.names.includes('socket') && matches(rule, [family, 1, protocol]))
    .map((rule) => (rule.action === 'SCMP_ACT_ALLOW' ? 'allow' : `errno ${rule.errnoRet}`));
  return verdicts.join(' and ') || 'default';
}

function matches({ args = [] }: SeccompRule, values: readonly number[]): boolean {
  return args.every(({ index, op, value, valueTwo = 0 }) => {
    if (op !== 'SCMP_CMP_MASKED_EQ') throw new Error(`unexpected ${op}`);
    return (BigInt(values[index] ?? 0) & BigInt(value)) === BigInt(valueTwo);
  });
}

for (const [name, capabilities] of [
  ['default', DEFAULT_CAPABILITIES],
  ['all', CAPABILITIES],
  ['no', []],
] as const) {
  test(`with ${name} capabilities the same calls are allowed and refused as by Podman's profile`, (t) => {
    if (!existsSync(PODMANS)) return skip(t, `${PODMANS} is not installed`);
    const set = new Set<string>(capabilities);
    const podmans = profileSeccomp(parseSeccompProfile(readFileSync(PODMANS, 'utf8'), PODMANS), {
      capabilities: set,
      architecture: 'x64',
      kernelRelease: '6.18',
    });
    const ours = defaultSeccomp(set, 'x64');
    const allowed = unconditional(podmans, 'SCMP_ACT_ALLOW');
    // Ours: socket(2) has rules on families, socketcall(2) cannot have any.
    const known = new Set([...allowed].filter((call) => call !== 'socket' && call !== 'socketcall'));
    const ourAllowed = new Set(
      [...unconditional(ours, 'SCMP_ACT_ALLOW')].filter((call) => !ALLOWED_SINCE.includes(call)),
    );
    t.deepEqual([...ourAllowed].sort(), [...known].sort());
    // Podman's lists setns twice: allowed to all, refused without CAP_SYS_ADMIN; the first counts.
    const refused = [...unconditional(podmans, 'SCMP_ACT_ERRNO')].filter((call) => !allowed.has(call));
    t.deepEqual([...unconditional(ours, 'SCMP_ACT_ERRNO')].sort(), refused.sort());
    t.deepEqual([ours.defaultAction, ours.defaultErrnoRet], [podmans.defaultAction, podmans.defaultErrnoRet]);
    t.deepEqual(ours.architectures, podmans.architectures);
    const personalities = (config: SeccompConfig) =>
      (config.syscalls ?? []).filter(({ names }) => names[0] === 'personality').map(({ args }) => args?.[0]?.value);
    t.deepEqual(personalities(ours), personalities(podmans));
  });
}

test('no call is both allowed and refused, and none is named twice', (t) => {
  const config = defaultSeccomp(new Set(DEFAULT_CAPABILITIES), 'x64');
  const names = (config.syscalls ?? []).filter(({ args }) => args === undefined).flatMap((rule) => rule.names);
  t.is(new Set(names).size, names.length);
});

const family = test.macro<[number, number, string]>({
  exec: (t, number, protocol, expected) => {
    t.is(socketVerdict(defaultSeccomp(new Set(), 'x64'), number, protocol), expected);
    // What the kernel does not look at makes no difference.
    t.is(socketVerdict(defaultSeccomp(new Set(), 'x64'), number + 2 ** 32, protocol + 2 ** 33), expected);
  },
  title: (_, number, protocol, expected) => `socket(${number}, _, ${protocol}): ${expected}`,
});

for (const number of [0, 1, 2, 10, 15, 17, 37, 39, 41, 44, 63]) test(family, number, 0, 'allow');
test(family, 38, 0, 'errno 97');
test(family, 40, 0, 'errno 97');
test(family, 16, 0, 'allow');
test(family, 16, 8, 'allow');
test(family, 16, 10, 'allow');
test(family, 16, 31, 'allow');
test(family, 16, 9, 'errno 22');
test(family, 2, 9, 'allow');

test('the audit protocol is for who has CAP_AUDIT_WRITE', (t) => {
  const config = defaultSeccomp(new Set(['CAP_AUDIT_WRITE']), 'x64');
  t.is(socketVerdict(config, 16, 9), 'allow');
  t.is(socketVerdict(config, 38, 0), 'errno 97');
});

test('32-bit x86 programs cannot make sockets through socketcall', (t) => {
  const rules = (defaultSeccomp(new Set(), 'x64').syscalls ?? []).filter(({ names }) => names.includes('socketcall'));
  t.deepEqual(
    rules.map(({ action, args, architectures }) => [action, args?.[0]?.op, args?.[0]?.value, architectures]),
    [
      ['SCMP_ACT_ALLOW', 'SCMP_CMP_GT', 1, ['SCMP_ARCH_X86']],
      ['SCMP_ACT_ERRNO', 'SCMP_CMP_EQ', 1, ['SCMP_ARCH_X86']],
    ],
  );
  const socketRules = (defaultSeccomp(new Set(), 'x64').syscalls ?? []).filter(({ names }) => names.includes('socket'));
  t.true(socketRules.every(({ architectures }) => architectures?.includes('SCMP_ARCH_X86') === false));
});

test('architectures have their own calls', (t) => {
  t.true(unconditional(defaultSeccomp(new Set(), 'arm64'), 'SCMP_ACT_ALLOW').has('sync_file_range2'));
  t.false(unconditional(defaultSeccomp(new Set(), 'x64'), 'SCMP_ACT_ALLOW').has('sync_file_range2'));
  t.deepEqual(defaultSeccomp(new Set(), 'arm64').architectures, ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM']);
});

test('blocks cover everything once, but for what is left out', (t) => {
  const blocks = blocksWithout(64, [16, 38, 40]);
  for (let number = 0; number < 64; number += 1) {
    const covering = blocks.filter(([value, mask]) => (number & mask) >>> 0 === value).length;
    t.is(covering, [16, 38, 40].includes(number) ? 0 : 1, String(number));
  }
});

test('the same default filter is the same object', (t) => {
  t.is(specOf({}).linux?.seccomp, specOf({ workdir: '/x' }).linux?.seccomp);
  t.not(specOf({}).linux?.seccomp, specOf({ capAdd: ['SYS_ADMIN'] }).linux?.seccomp);
});

const profile = (value: object): string => JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', ...value });
const TARGET = { capabilities: new Set(['CAP_CHOWN']), architecture: 'x64', kernelRelease: '5.10.0-8-amd64' };

const condition = test.macro({
  exec: (t, rule: object, applies: boolean) => {
    const text = profile({ syscalls: [{ names: ['x'], action: 'SCMP_ACT_ALLOW', ...rule }] });
    t.is(profileSeccomp(parseSeccompProfile(text, 'p'), TARGET).syscalls?.length, applies ? 1 : 0);
  },
  title: (_, rule, applies) => `rule with ${JSON.stringify(rule)} ${applies ? 'counts' : 'does not count'}`,
});
test(condition, {}, true);
test(condition, { includes: { caps: ['CAP_CHOWN'] } }, true);
test(condition, { includes: { caps: ['CAP_CHOWN', 'CAP_KILL'] } }, false);
test(condition, { excludes: { caps: ['CAP_CHOWN'] } }, false);
test(condition, { includes: { arches: ['amd64', 'x32'] } }, true);
test(condition, { includes: { arches: ['arm64'] } }, false);
test(condition, { excludes: { arches: ['amd64'] } }, false);
test(condition, { includes: { minKernel: '4.8' } }, true);
test(condition, { includes: { minKernel: '5.10' } }, true);
test(condition, { includes: { minKernel: '5.11' } }, false);
test(condition, { includes: {}, excludes: {} }, true);

test('a profile in all its forms', (t) => {
  const text = profile({
    defaultErrno: 'ENOSYS',
    archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }],
    flags: ['SECCOMP_FILTER_FLAG_LOG'],
    syscalls: [
      { name: 'read', action: 'SCMP_ACT_ALLOW', args: null },
      {
        names: ['write'],
        action: 'SCMP_ACT_ERRNO',
        errnoRet: 5,
        comment: 'why',
        args: [{ index: 1, value: 2, op: 'SCMP_CMP_EQ' }],
      },
    ],
  });
  t.deepEqual(profileSeccomp(parseSeccompProfile(text, 'p'), TARGET), {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 38,
    flags: ['SECCOMP_FILTER_FLAG_LOG'],
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
    syscalls: [
      { names: ['read'], action: 'SCMP_ACT_ALLOW' },
      {
        names: ['write'],
        action: 'SCMP_ACT_ERRNO',
        errnoRet: 5,
        args: [{ index: 1, value: 2, valueTwo: 0, op: 'SCMP_CMP_EQ' }],
      },
    ],
  });
});

test('arguments of 64 bits are kept to the last bit, in the bundle of another runtime too', (t) => {
  const values = ['18446744073709551615', '9007199254740993', '9007199254740991', '9223372036854775808'];
  const args = (text: string) => (parseSeccompProfile(text, 'p').syscalls[0]?.args ?? []).map(({ value }) => value);
  const text = rules({ ...RULE, args: values.map((_, index) => ({ index, value: 7000 + index, op: 'SCMP_CMP_EQ' })) });
  const exact = values.reduce((all, value, index) => all.replace(String(7000 + index), value), text);
  t.deepEqual(args(exact), [18446744073709551615n, 9007199254740993n, 9007199254740991, 9223372036854775808n]);
  const written = stringifyExactly(parseSeccompProfile(exact, 'p'));
  for (const value of values) t.true(written.includes(`"value":${value},`), value);
  const long = text.replace(
    '"defaultAction"',
    '"comment":"1234567890123456789, \\"1234567890123456789","defaultAction"',
  );
  t.deepEqual(args(long), [7000, 7001, 7002, 7003]);
  for (const wrong of ['18446744073709551616', '-9223372036854775808', '123456789012345678901'])
    t.throws(() => args(text.replace('7000', wrong)), { message: /args\[0\]\.value must be a whole number/ }, wrong);
  t.throws(() => args(text.replace('7000', '12345678901234567x')), { message: /is not JSON/ });
});

const hostile = test.macro<[string, RegExp]>({
  exec: (t, text, message) => {
    t.throws(() => parseSeccompProfile(text, 'p.json'), { code: 'INVALID_ARGUMENT', message });
  },
  title: (_, text, message) => `refused profile: ${message.source}: ${text.slice(0, 60)}`,
});
const rules = (...syscalls: readonly unknown[]): string => profile({ syscalls });
const RULE = { names: ['read'], action: 'SCMP_ACT_ALLOW' };
test(hostile, '', /seccomp profile p.json is not JSON/);
test(hostile, '[]', /p.json: must be an object/);
test(hostile, '{}', /defaultAction must be one of/);
test(hostile, '{"defaultAction":"SCMP_ACT_NOTIFY"}', /defaultAction must be one of/);
test(hostile, profile({ listenerPath: '/x' }), /listenerPath is not supported/);
test(hostile, profile({ architectures: ['SCMP_ARCH_Z80'] }), /architectures\[0\] must be one of/);
test(hostile, profile({ architectures: ['SCMP_ARCH_X86'], archMap: [] }), /both architectures and archMap/);
test(hostile, profile({ defaultErrno: 'ENOTHING' }), /is not an error name: "ENOTHING"/);
test(hostile, profile({ defaultErrnoRet: 70000 }), /defaultErrnoRet must be a whole number/);
test(hostile, profile({ syscalls: {} }), /syscalls must be a list/);
test(hostile, rules(1), /syscalls\[0\] must be an object/);
test(hostile, rules({ ...RULE, names: [] }), /names no system call/);
test(hostile, rules({ ...RULE, name: 'x' }), /both name and names/);
test(hostile, rules({ ...RULE, names: ['a b'] }), /names "a b", which is not a system call/);
test(hostile, rules({ ...RULE, names: [1] }), /names\[0\] must be a string/);
test(hostile, rules({ ...RULE, action: 'x' }), /action must be one of/);
test(hostile, rules({ ...RULE, args: [{ index: 6, op: 'SCMP_CMP_EQ' }] }), /index must be a whole number from 0 to 5/);
test(
  hostile,
  rules({ ...RULE, args: [{ index: 0, value: 7777, op: 'SCMP_CMP_EQ' }] }).replace('7777', '1e400'),
  /value must be a whole/,
);
test(hostile, rules({ ...RULE, args: [{ index: 0, value: 1, op: 'x' }] }), /op must be one of/);
test(hostile, rules({ ...RULE, includes: { minKernel: 'new' } }), /minKernel must be like 4.8/);
test(hostile, rules(...Array.from({ length: 4097 }, () => RULE)), /at most 4096 items/);
test(hostile, rules({ ...RULE, names: Array.from({ length: 1025 }, () => 'read') }), /at most 1024 items/);
test(hostile, profile({ x: 'y'.repeat(1024 * 1024) }), /is larger than 1048576 bytes/);
