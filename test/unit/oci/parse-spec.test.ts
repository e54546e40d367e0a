import { spawnSync } from 'node:child_process';
import test from 'ava';

import { parseOciSpec } from '../../../src/oci/parse-spec.js';
import { launchPlan } from '../../../src/plan/launch.js';
import { ID, specOf } from '../../helpers/plans.js';
import { requires } from '../../helpers/requires.js';

const SPEC = {
  ociVersion: '1.0.2',
  root: { path: 'rootfs' },
  process: { user: { uid: 1, gid: 2 }, args: ['sh'], cwd: '/' },
};

test('a spec that was generated is read as it was', (t) => {
  const spec = specOf({
    uidMaps: [{ containerId: 0, hostId: 1000, size: 10 }],
    timeOffsets: { boottimeSec: 5 },
    hooks: [{ kind: 'poststop', path: '/hook' }],
    resources: { memoryBytes: 1 << 20, cpus: 1, hugetlb: { '2MB': 4 }, unified: { 'memory.high': '1' } },
    mounts: [{ type: 'tmpfs', target: '/x' }],
    ulimits: [{ name: 'core', soft: 0, hard: 5 }],
    scheduler: { policy: 'fifo' },
    ioPriority: { class: 'idle', level: 1 },
  });
  // Rules for one architecture are ours, not the specification's.
  const rules = spec.linux?.seccomp?.syscalls?.map(({ architectures: _architectures, ...rule }) => rule);
  const { linux } = spec;
  const plain = { ...spec, linux: { ...linux, seccomp: { ...linux?.seccomp, syscalls: rules } } };
  t.deepEqual(parseOciSpec(JSON.stringify(plain)), JSON.parse(JSON.stringify(plain)));
});

test('what is not in the specification is passed over, null counts as absent', (t) => {
  const spec = parseOciSpec(
    JSON.stringify({ ...SPEC, windows: {}, mounts: null, linux: { intelRdt: {}, devices: null } }),
  );
  t.deepEqual(spec, { ...SPEC, linux: {} });
});

test('infinite limits are infinite although JSON cannot say so', (t) => {
  const rlimits = '[{"type":"RLIMIT_CORE","soft":0,"hard":18446744073709551615}]';
  const text = JSON.stringify(SPEC).replace('"cwd"', `"rlimits":${rlimits},"cwd"`);
  t.deepEqual(parseOciSpec(text).process?.rlimits, [{ type: 'RLIMIT_CORE', soft: 0, hard: 'unlimited' }]);
});

test('members with names that objects inherit are no surprise', (t) => {
  const text = JSON.stringify(SPEC).replace(
    '"ociVersion"',
    '"__proto__":{"linux":{"namespaces":1}},"constructor":1,"ociVersion"',
  );
  t.deepEqual(parseOciSpec(text), SPEC);
});

for (const peer of ['crun', 'runc'] as const) {
  test(`the spec that ${peer} writes is read and planned`, (t) => {
    if (!requires(t, peer)) return;
    const made = spawnSync('sh', ['-c', `d=$(mktemp -d) && cd "$d" && ${peer} spec && cat config.json; rm -rf "$d"`], {
      encoding: 'utf8',
    });
    t.is(made.status, 0, made.stderr);
    const spec = parseOciSpec(made.stdout);
    t.is(spec.process?.args[0], 'sh');
    const plan = launchPlan(spec, {
      id: ID,
      runDirectory: '/run/c',
      root: { kind: 'directory', path: '/r' },
      cgroup: undefined,
      stdio: { stdin: 'null', stdout: 'null', stderr: 'null', keepStdin: false, stdinOnce: false },
      gate: false,
    });
    t.true(plan.steps.some((step) => step.op === 'mountFs' && step.type === 'proc'));
  });
}

const hostile = test.macro<[string, unknown, RegExp]>({
  exec: (t, _what, value, message) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    t.throws(() => parseOciSpec(text), { code: 'INVALID_ARGUMENT', message });
  },
  title: (_, what) => `refused: ${what}`,
});
const process = (change: object): object => ({ ...SPEC, process: { ...SPEC.process, ...change } });
const linux = (change: object): object => ({ ...SPEC, linux: change });

test(hostile, 'nothing', '', /config.json is not JSON/);
test(hostile, 'a list', [], /config.json: must be an object/);
test(hostile, 'no version', { root: { path: '/' } }, /ociVersion is missing/);
test(hostile, 'another version', { ...SPEC, ociVersion: '2.0.0' }, /ociVersion must be 1.x, not "2.0.0"/);
test(hostile, 'no root', { ociVersion: '1.0.0' }, /root is missing/);
test(hostile, 'args that are text', process({ args: 'sh' }), /process.args must be a list/);
test(hostile, 'a relative directory', process({ cwd: 'tmp' }), /process.cwd must be an absolute path/);
test(
  hostile,
  'an id beyond the last',
  process({ user: { uid: 4294967296, gid: 0 } }),
  /process.user.uid must be a whole number/,
);
test(hostile, 'a negative id', process({ user: { uid: -1, gid: 0 } }), /process.user.uid must be a whole number/);
test(hostile, 'a fraction', process({ oomScoreAdj: 0.5 }), /oomScoreAdj must be a whole number/);
test(hostile, 'a NUL', process({ args: ['a\0'] }), /args\[0\] must not contain a NUL/);
test(
  hostile,
  'a long argument',
  process({ args: ['x'.repeat(131072)] }),
  /args\[0\] must be at most 131071 characters/,
);
test(
  hostile,
  'too many arguments',
  process({ args: new Array(20000).fill('x') }),
  /args must have at most 16384 items/,
);
test(
  hostile,
  'a relative mount',
  { ...SPEC, mounts: [{ destination: 'x' }] },
  /mounts\[0\].destination must be an absolute path/,
);
test(hostile, 'a hook without path', { ...SPEC, hooks: { poststop: [{}] } }, /hooks.poststop\[0\].path is missing/);
test(
  hostile,
  'a hook with timeout 0',
  { ...SPEC, hooks: { poststop: [{ path: '/x', timeout: 0 }] } },
  /timeout must be a whole number from 1/,
);
test(hostile, 'an unknown namespace', linux({ namespaces: [{ type: 'net' }] }), /namespaces\[0\].type must be one of/);
test(
  hostile,
  'too many id maps',
  linux({ uidMappings: new Array(341).fill({ containerID: 0, hostID: 0, size: 1 }) }),
  /at most 340 items/,
);
test(
  hostile,
  'an unknown clock',
  linux({ timeOffsets: { cpu: {} } }),
  /timeOffsets must be one of monotonic, boottime/,
);
test(
  hostile,
  'a device of unknown type',
  linux({ devices: [{ type: 'x', path: '/dev/x' }] }),
  /type must be one of c, b, u, p/,
);
test(hostile, 'a long host name', { ...SPEC, hostname: 'x'.repeat(100000) }, /hostname must be at most 64 characters/);
test(hostile, 'an unknown action', linux({ seccomp: { defaultAction: 'ALLOW' } }), /defaultAction must be one of/);
test(
  hostile,
  'a limit that is text',
  linux({ resources: { memory: { limit: '1g' } } }),
  /limit must be a whole number/,
);
test(hostile, 'too large', `"${'x'.repeat(17 * 1024 * 1024)}"`, /is larger than 16777216 bytes/);
