#!/usr/bin/env node
/**
 * The same work with tspod and with Podman, side by side: exit statuses, texts, lines of ps, fields of inspect.
 * Usage: compare-podman.mjs [--quick] [--all] [SCENARIO]. Prints each difference; ends with 1 if one is not in compare/known.mjs (docs/podman.md
 * has them for readers), with 77 where there is nothing to compare with. --quick does a part, --all also prints what is known, and with
 * a word only the scenarios are done that have it in their names.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { differencesOfInspect } from './compare/inspect.mjs';
import { reasonFor } from './compare/known.mjs';
import { SCENARIOS } from './compare/scenarios.mjs';

const SKIPPED = 77;
const root = fileURLToPath(new URL('..', import.meta.url));
const BUSYBOX = ['/bin/busybox', '/usr/bin/busybox'].find(existsSync);
const APPLETS = ['sh', 'sleep', 'true', 'false', 'echo', 'cat', 'ls', 'id', 'env', 'hostname', 'pwd', 'kill'];

const options = new Set(process.argv.slice(2).filter((word) => word.startsWith('--')));
const [chosen] = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const base = mkdtempSync(join(tmpdir(), 'tspod-compare-'));
try {
  process.exitCode = main();
} finally {
  rmSync(base, { recursive: true, force: true });
}

function main() {
  if (process.geteuid() !== 0 || BUSYBOX === undefined) return skip('root and busybox are needed');
  const rootfs = makeRootfs();
  const tools = [podman(rootfs), tspod(rootfs)];
  const problem = tools[0].problem(rootfs);
  if (problem !== undefined) return skip(`podman runs no container here: ${problem}`);
  const scenarios = SCENARIOS.filter(({ quick }) => quick === true || !options.has('--quick')).filter(
    ({ name }) => chosen === undefined || name.includes(chosen),
  );
  const differences = [
    ...scenarios.flatMap((scenario) => compare(scenario, tools, rootfs)),
    ...(options.has('--quick') || chosen !== undefined ? [] : compareInspect(tools, rootfs)),
  ];
  return report(differences, scenarios.length);
}

function skip(reason) {
  console.error(reason);
  return SKIPPED;
}

function makeRootfs() {
  const rootfs = join(base, 'rootfs');
  for (const name of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'run'])
    mkdirSync(join(rootfs, name), { recursive: true });
  cpSync(BUSYBOX, join(rootfs, 'bin/busybox'));
  for (const name of APPLETS) symlinkSync('busybox', join(rootfs, 'bin', name));
  writeFileSync(join(rootfs, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n');
  writeFileSync(join(rootfs, 'etc/group'), 'root:x:0:\nalice:x:1000:\n');
  spawnSync('tar', ['-C', rootfs, '-cf', `${rootfs}.tar`, '.']);
  return rootfs;
}

/** A tool runs commands on a store of its own. */
function tool(name, command, env) {
  const run = (args) => {
    const { status, stdout, stderr } = spawnSync(command[0], [...command.slice(1), ...args], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
      timeout: 60_000,
    });
    return { status, stdout, stderr };
  };
  return { name, run };
}

function podman(rootfs) {
  const config = join(base, 'containers.conf');
  // Its defaults may be above the limits of this machine.
  writeFileSync(config, '[containers]\ndefault_ulimits=["nofile=1024:1024","nproc=1000:1000"]\n');
  const store = ['root', 'runroot', 'tmpdir'].flatMap((name) => [`--${name}`, join(base, 'podman', name)]);
  const flags = ['--cgroup-manager', 'cgroupfs', '--events-backend', 'file'];
  const made = (runtime) => tool('podman', ['podman', ...store, ...flags, ...runtime], { CONTAINERS_CONF: config });
  const works = (one) => one.run(['run', '--rm', '--network', 'none', '--rootfs', rootfs, 'true']);
  // crun refuses hybrid cgroups.
  const first = made([]);
  const usable = works(first).status === 0 ? first : made(['--runtime', 'runc']);
  return {
    ...usable,
    problem: () => {
      const { status, stderr } = works(usable);
      return status === 0 ? undefined : (stderr ?? 'it is not installed').trim();
    },
  };
}

function tspod() {
  const env = { TSPOD_ROOT: join(base, 'tspod/root'), TSPOD_RUNROOT: join(base, 'tspod/run'), NODE_EXTRA_CA_CERTS: '' };
  return tool('tspod', [join(root, 'bin/tspod')], env);
}

/** Each command of a scenario on both; afterwards no container is left. */
function compare({ name, commands }, tools, rootfs) {
  const [expected, actual] = tools.map((one) => {
    const results = commands.map((args) => normalize(one.run(withRootfs(args, rootfs))));
    if (commands.some(([word]) => word === 'pod')) one.run(['pod', 'rm', '-fa', '-t', '0']);
    one.run(['rm', '-fa', '-t', '0']);
    if (commands.some((args) => args.includes('LAYER'))) one.run(['rmi', '-af']);
    return results;
  });
  return expected.flatMap((want, i) =>
    ['status', 'stdout', 'stderr']
      .filter((what) => want[what] !== actual[i][what])
      .map((what) => ({
        key: `${name}: ${what} of \`${commands[i].join(' ')}\``,
        podman: want[what],
        tspod: actual[i][what],
      })),
  );
}

/** ROOTFS stands for the flags of a small root without a network, ROOTFS/... for a file of it, LAYER for its archive. */
function withRootfs(args, rootfs) {
  const plain = args.map((arg) => (arg === 'LAYER' ? `${rootfs}.tar` : arg.replace(/^ROOTFS\//, `${rootfs}/`)));
  return plain.flatMap((arg) => (arg === 'ROOTFS' ? ['--network', 'none', '--rootfs', rootfs] : [arg]));
}

/** Ids, times and the name of the program differ by nature. */
function normalize({ status, stdout, stderr }) {
  const plain = (text) =>
    text
      .replaceAll(/[0-9a-f]{64}/g, 'ID')
      .replaceAll(/\b[0-9a-f]{12}\b/g, 'SHORTID')
      .replaceAll(/\b(podman|tspod|Podman)\b/g, 'TOOL')
      .replaceAll(/(Less than a second|About a minute|\d+ (second|minute)s?)( ago)?/g, 'SOMETIME$3')
      .replaceAll(/^time="[^"]*"/gm, 'time="TIME"')
      .replaceAll(/ +$/gm, '')
      .replaceAll(/ {2,}/g, '  ');
  return { status, stdout: plain(stdout), stderr: plain(stderr) };
}

function compareInspect(tools, rootfs) {
  const flags = ['--name', 'i', '--label', 'k=v', '-e', 'FOO=bar', '--hostname', 'hh', '--memory', '64m', '-w', '/tmp'];
  const [expected, actual] = tools.map((one) => {
    one.run(withRootfs(['run', '-d', ...flags, 'ROOTFS', 'sleep', '1000'], rootfs));
    const inspected = JSON.parse(one.run(['inspect', 'i']).stdout)[0];
    one.run(['rm', '-fa', '-t', '0']);
    return inspected;
  });
  return differencesOfInspect(expected, actual);
}

function report(differences, count) {
  const unknown = differences.filter(({ key }) => reasonFor(key) === undefined);
  const shown = options.has('--all') ? differences : unknown;
  for (const { key, podman: want, tspod: got } of shown) {
    console.log(`${key}\n  podman: ${JSON.stringify(want)}\n  tspod:  ${JSON.stringify(got)}`);
    const why = reasonFor(key);
    if (why !== undefined) console.log(`  known:  ${why}`);
  }
  console.log(`${count} scenarios, ${differences.length} differences, ${unknown.length} of them without a reason`);
  return unknown.length === 0 ? 0 : 1;
}
