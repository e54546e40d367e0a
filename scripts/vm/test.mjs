#!/usr/bin/env node
/**
 * Runs tests in a virtual machine of our own: a Debian with its kernel, cgroup v2, systemd and AppArmor, whatever this
 * machine is. Emulated (TCG), so it needs no /dev/kvm, and is about ten times slower than the machine itself.
 *
 *   npm run test:vm                                    launch and system tests under systemd
 *   npm run test:vm -- --init direct --suite launch    without systemd: boots in seconds
 *   npm run test:vm -- --manager systemd               containers in scopes of systemd
 *   npm run test:vm -- --cgroup v1                     (with --init direct) the cgroup v1 controllers instead of v2
 *   npm run test:vm -- --debian trixie                 Debian 13 instead of 12: a newer kernel, a newer systemd
 *   npm run test:vm -- --processors 1                  one instead of two: two such machines side by side do more
 *   npm run test:vm -- --built                         with what out/ and dist/ hold already
 *   npm run test:vm -- --command 'uname -a; bin/tspod info'
 *
 * Needs root, qemu-system-x86, debootstrap, e2fsprogs and Debian's mirror; the image is kept in .cache/vm.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, '.cache/vm');
const TOOLS = { 'qemu-system-x86_64': 'qemu-system-x86', debootstrap: 'debootstrap', 'mkfs.ext4': 'e2fsprogs' };

/** Built here, run there: none of it is in git but what the tests need. */
const BUILT = ['build/Release', 'build/test', 'dist', 'out', 'node_modules'];

/** Times are kept: what was built must not look older than its source. */
const COPYING = { verbatimSymlinks: true, preserveTimestamps: true };

const { values } = parseArgs({
  options: {
    init: { type: 'string', default: 'systemd' },
    cgroup: { type: 'string', default: 'v2' },
    debian: { type: 'string', default: 'bookworm' },
    suite: { type: 'string', multiple: true, default: ['launch', 'system'] },
    match: { type: 'string', multiple: true, default: [] },
    file: { type: 'string', multiple: true, default: [] },
    command: { type: 'string' },
    manager: { type: 'string', default: 'cgroupfs' },
    memory: { type: 'string', default: '4G' },
    processors: { type: 'string', default: '2' },
    minutes: { type: 'string', default: '720' },
    built: { type: 'boolean', default: false },
    rebuild: { type: 'boolean', default: false },
  },
});

process.exitCode = await main();

async function main() {
  const missing = Object.keys(TOOLS).filter(
    (tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).error !== undefined,
  );
  if (missing.length > 0 || process.geteuid() !== 0) {
    console.error(
      missing.length > 0
        ? `test:vm needs ${missing.join(', ')}: apt-get install ${missing.map((tool) => TOOLS[tool]).join(' ')}`
        : 'test:vm needs root, to make a disk image with the right owners',
    );
    return 77;
  }
  if (!values.built) runHere(['scripts/build-tests.mjs']);
  // There is no compiler in the machine: the tests' programs are built here, if they are not yet.
  runHere([
    '--input-type=module',
    '--eval',
    "import('./out/test/helpers/probe.js').then((probe) => probe.compileAll())",
  ]);
  const image = prepareImage();
  if (image === undefined) return 77;
  const disk = prepareRepository(values.command ?? testCommand());
  const { output, ended } = await boot({ image, disk });
  const status = /\nvm: ended with (\d+)\r?\n/.exec(output)?.[1];
  rmSync(disk, { force: true });
  if (status === undefined) {
    const why = {
      timeout: `no end after ${values.minutes} minutes`,
      signal: 'ended by a signal',
      exit: 'the machine stopped before the tests ended; see .cache/vm/console-*.log',
    };
    console.error(`vm: ${why[ended]}`);
    return 1;
  }
  return Number(status);
}

function runHere(args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error(`vm: cannot build the tests: node ${args.join(' ')}`);
}

/** The image of these scripts, made if there is none yet; undefined where Debian's mirror cannot be reached. */
function prepareImage() {
  const key = createHash('sha256');
  for (const name of ['build-image.sh', 'guest-run.sh']) key.update(readFileSync(new URL(name, import.meta.url)));
  const image = join(cache, `image-${values.debian}-${key.digest('hex').slice(0, 12)}`);
  if (existsSync(image) && !values.rebuild) return image;
  mkdirSync(cache, { recursive: true });
  for (const old of readdirSync(cache).filter((name) => name.startsWith(`image-${values.debian}-`)))
    rmSync(join(cache, old), { recursive: true, force: true });
  console.error('vm: making the disk image (about two minutes, once)');
  const partial = `${image}.partial`;
  const script = fileURLToPath(new URL('build-image.sh', import.meta.url));
  const log = join(cache, `build-image-${values.debian}.log`);
  const words = [script, partial, values.debian, log];
  const { status } = spawnSync('sh', ['-c', 'exec sh "$0" "$1" "$2" > "$3" 2>&1', ...words], { stdio: 'inherit' });
  const said = () => tail(readFileSync(log, 'utf8')).replaceAll('\n', '; ');
  if (status === 77) {
    console.error(`no disk image can be made: ${said()}`);
    return undefined;
  }
  if (status !== 0) throw new Error(`the disk image cannot be made: ${said()}`);
  renameSync(partial, image);
  return image;
}

/** A disk with the repository as it is in the work tree, what was built from it, this machine's Node, and the command. */
function prepareRepository(command) {
  // Of this run alone: another may be under way.
  const staging = join(cache, `repository-${process.pid}`);
  const disk = `${staging}.ext4`;
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(join(staging, 'vm-bin'), { recursive: true });
  const files = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of files.stdout.split('\0').filter((name) => name !== '' && existsSync(join(root, name)))) {
    mkdirSync(dirname(join(staging, file)), { recursive: true });
    cpSync(join(root, file), join(staging, file), COPYING);
  }
  for (const directory of BUILT.filter((name) => existsSync(join(root, name)))) {
    cpSync(join(root, directory), join(staging, directory), { recursive: true, ...COPYING });
  }
  copyFileSync(process.execPath, join(staging, 'vm-bin/node'));
  // Node has its place on the machine's own disk: containers of the host's root see nothing of others.
  writeFileSync(join(staging, 'vm-command'), `cp /repository/vm-bin/node /usr/local/bin/\n${command}\n`);
  rmSync(disk, { force: true });
  const { status, stderr } = spawnSync('mkfs.ext4', ['-q', '-F', '-d', staging, disk, '2G'], { encoding: 'utf8' });
  rmSync(staging, { recursive: true, force: true });
  if (status !== 0) throw new Error(`vm: mkfs.ext4: ${stderr}`);
  return disk;
}

/** The runner of every other machine; the tests were compiled here, and what takes a second here takes ten there. */
function testCommand() {
  const match = values.match.map((title) => ` --match '${title}'`).join('');
  const file = values.file.map((name) => ` --file '${name}'`).join('');
  return `TSPOD_TEST_MACHINE=own TSPOD_TEST_SLOW=1 TSPOD_CGROUP_MANAGER=${values.manager} node scripts/test.mjs --built --each ${values.suite.join(' ')}${match}${file}`;
}

function boot({ image, disk }) {
  const parameters = [
    'root=/dev/nvme0n1 rw console=ttyS0 quiet panic=-1 apparmor=1 security=apparmor swapaccount=1 tsc=unstable no_timer_check',
    values.init === 'direct'
      ? 'init=/usr/local/sbin/guest-run'
      : 'systemd.show_status=false systemd.journald.forward_to_console=0',
    `tspod.cgroup=${values.cgroup}`,
  ];
  const args = [
    ['-accel', 'tcg,thread=multi'],
    ['-cpu', 'max'],
    ['-smp', values.processors],
    ['-m', values.memory],
    ['-M', 'q35'],
    ['-kernel', join(image, 'vmlinuz')],
    ['-append', parameters.join(' ')],
    ['-drive', `file=${join(image, 'root.ext4')},format=raw,if=none,id=root,snapshot=on`],
    // Of one controller: two would be numbered in the order in which the kernel happens to find them.
    ['-device', 'nvme,id=disks,serial=disks'],
    ['-device', 'nvme-ns,bus=disks,nsid=1,drive=root'],
    ['-drive', `file=${disk},format=raw,if=none,id=repository,cache=unsafe`],
    ['-device', 'nvme-ns,bus=disks,nsid=2,drive=repository'],
    ['-serial', `file:${join(cache, `console-${process.pid}.log`)}`],
    ['-serial', 'stdio'],
    ['-nic', 'none'],
    ['-display', 'none'],
    ['-monitor', 'none'],
    ['-no-reboot'],
  ];
  return new Promise((resolve, reject) => {
    const child = spawn('qemu-system-x86_64', args.flat(), { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    let ended = 'exit';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      process.stdout.write(text.replaceAll('\r\n', '\n'));
    });
    // Who ends this process ends the machine.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.once(signal, () => {
        ended = 'signal';
        child.kill('SIGKILL');
      });
    }
    const timer = setTimeout(
      () => {
        ended = 'timeout';
        child.kill('SIGKILL');
      },
      Number(values.minutes) * 60_000,
    );
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(timer);
      resolve({ output, ended });
    });
  });
}

function tail(text) {
  return text.trim().split('\n').slice(-5).join('\n');
}
