import test from 'ava';

import { CliError } from '../../../../src/cli/errors/cli-error.js';
import type { Flag } from '../../../../src/cli/command-parts/flag.js';
import { firstArgument } from '../../../../src/cli/command-parts/normalize.js';
import { parseArguments } from '../../../../src/cli/command-parts/parse.js';

const FLAGS: readonly Flag[] = [
  { name: 'rm', kind: 'bool', help: '' },
  { name: 'interactive', short: 'i', kind: 'bool', help: '' },
  { name: 'tty', short: 't', kind: 'bool', help: '' },
  { name: 'no-trunc', kind: 'bool', help: '' },
  { name: 'name', kind: 'text', help: '' },
  { name: 'env', short: 'e', kind: 'items', help: '' },
  { name: 'cap-add', kind: 'list', help: '' },
  { name: 'last', short: 'n', kind: 'int', help: '' },
  { name: 'cpus', kind: 'float', help: '' },
  { name: 'cpu-period', kind: 'uint', help: '' },
  { name: 'sort', kind: 'text', choices: ['a', 'b'], help: '' },
  { name: 'rootfs', kind: 'maybe', help: '' },
  { name: 'time', aliases: ['timeout'], kind: 'int', help: '' },
  { name: 'publish', short: 'p', kind: 'items', help: '', missing: 'no bridge' },
  { name: 'systemd', kind: 'text', help: '', missing: 'no systemd', harmless: ['false'] },
  { name: 'help', kind: 'bool', help: '' },
];

const NAMES = FLAGS.map(({ name }) => name);

function parse(
  words: readonly string[],
  passThrough: boolean,
): { flags: Record<string, readonly string[]>; args: readonly string[] } {
  const { flags, args } = parseArguments({ path: 'tspod x', flags: FLAGS, passThrough }, words);
  return {
    flags: Object.fromEntries(NAMES.filter((name) => flags.has(name)).map((name) => [name, flags.list(name)])),
    args,
  };
}

const words = (line: string): string[] => line.split(' ').filter((word) => word !== '');

const reads = test.macro<[string, Record<string, string[]>, string]>({
  exec: (t, line, flags, args) => t.deepEqual(parse(words(line), true), { flags, args: words(args) }),
  title: (_, line) => `reads ${line}`,
});

const mixes = test.macro<[string, Record<string, string[]>, string]>({
  exec: (t, line, flags, args) => t.deepEqual(parse(words(line), false), { flags, args: words(args) }),
  title: (_, line) => `reads ${line}, flags anywhere`,
});

const refuses = test.macro<[string, string]>({
  exec: (t, line, message) => {
    const error = t.throws(() => parse(words(line), true), { instanceOf: CliError });
    t.is(error?.message, message);
    t.is(error?.exitCode, 125);
  },
  title: (_, line) => `refuses ${line}`,
});

test(reads, '', {}, '');
test(reads, 'image', {}, 'image');
test(reads, '--rm image', { rm: ['true'] }, 'image');
test(reads, '--rm=true image', { rm: ['true'] }, 'image');
test(reads, '--rm=false image', { rm: ['false'] }, 'image');
test(reads, '--rm --rm=false image', { rm: ['true', 'false'] }, 'image');
test(reads, '--no-trunc image', { 'no-trunc': ['true'] }, 'image');
test(reads, '--no-trunc=false image', { 'no-trunc': ['false'] }, 'image');
test(reads, '-it image', { interactive: ['true'], tty: ['true'] }, 'image');
test(reads, '-i -t image', { interactive: ['true'], tty: ['true'] }, 'image');
test(reads, '-ite A=1 image', { interactive: ['true'], tty: ['true'], env: ['A=1'] }, 'image');
test(reads, '-eA=1 image', { env: ['A=1'] }, 'image');
test(reads, '-e A=1 -e B=2 image', { env: ['A=1', 'B=2'] }, 'image');
test(reads, '--env=A=1 image', { env: ['A=1'] }, 'image');
test(reads, '--env A,B image', { env: ['A,B'] }, 'image');
test(reads, '-e --rm=false image', { env: ['--rm=false'] }, 'image');
test(reads, '-e --rm image', { env: ['--rm'] }, 'image');
test(reads, '--cap-add a,b --cap-add c image', { 'cap-add': ['a', 'b', 'c'] }, 'image');
test(reads, '--name web image', { name: ['web'] }, 'image');
test(reads, '--name=web image', { name: ['web'] }, 'image');
test(reads, '--name= image', { name: [''] }, 'image');
test(reads, '--name - image', { name: ['-'] }, 'image');
test(reads, '--last -1 image', { last: ['-1'] }, 'image');
test(reads, '-n +0x1F --last=-010 --time 0b1_1 image', { last: ['31', '-8'], time: ['3'] }, 'image');
test(reads, '-n 0o17 -n 1_000 -n 00 -n 0x_1 -n 0_7 image', { last: ['15', '1000', '0', '1', '7'] }, 'image');
test(reads, '-n 5 image', { last: ['5'] }, 'image');
test(reads, '--timeout 5 image', { time: ['5'] }, 'image');
test(reads, '-n -1 image -9', { last: ['-1'] }, 'image -9');
test(reads, '-in-1 -- -9', { interactive: ['true'], last: ['-1'] }, '-9');
test(reads, 'image --rm -x', {}, 'image --rm -x');
test(reads, 'image -- --rm', {}, 'image -- --rm');
test(reads, '--rm image --rm=false', { rm: ['true'] }, 'image --rm=false');
test(reads, '-- --rm', {}, '--rm');
test(reads, '--rm -- image --x', { rm: ['true'] }, 'image --x');
test(reads, '--rootfs /r cmd', { rootfs: ['/r'] }, 'cmd');
test(reads, '--rootfs=/r cmd', { rootfs: ['/r'] }, 'cmd');
test(reads, '--rootfs --rm /r cmd', { rootfs: [''], rm: ['true'] }, '/r cmd');
test(reads, '--rootfs /r --rm cmd', { rootfs: ['/r'], rm: ['true'] }, 'cmd');
test(reads, '--systemd=false image', { systemd: ['false'] }, 'image');
test(reads, '-t=false image', { tty: ['false'] }, 'image');
test(reads, '-t=true -i=0 image', { tty: ['true'], interactive: ['false'] }, 'image');
test(reads, '-it=false image', { interactive: ['true'], tty: ['false'] }, 'image');
test(reads, '-e=a=b image', { env: ['a=b'] }, 'image');
test(reads, '-ite=a=b -ec=d image', { interactive: ['true'], tty: ['true'], env: ['a=b', 'c=d'] }, 'image');
test(reads, '-e= image', { env: ['='] }, 'image');
test(reads, '--help -p 80', { help: ['true'], publish: ['80'] }, '');

test(mixes, 'a --rm b', { rm: ['true'] }, 'a b');
test(mixes, 'a -- --rm', {}, 'a --rm');
test(mixes, 'a -e x b -t', { env: ['x'], tty: ['true'] }, 'a b');
test(mixes, '-', {}, '-');

test('refuses a number after an argument where flags may stand anywhere', (t) => {
  t.is(t.throws(() => parse(['a', '-3'], false))?.message, "unknown shorthand flag: '3' in -3");
});

test(refuses, '--foo image', 'unknown flag: --foo');
test(refuses, '--foo=bar image', 'unknown flag: --foo');
test(refuses, '--nam x image', 'unknown flag: --nam');
test(refuses, '--no-rm image', 'unknown flag: --no-rm');
test(refuses, '-Q image', "unknown shorthand flag: 'Q' in -Q");
test(refuses, '-itQ image', "unknown shorthand flag: 'Q' in -itQ");
test(refuses, '-9 image', "unknown shorthand flag: '9' in -9");
test(refuses, '-it9 image', "unknown shorthand flag: '9' in -it9");
test(refuses, '-.5 image', "unknown shorthand flag: '.' in -.5");
test(refuses, '-Q=1 image', "unknown shorthand flag: 'Q' in -Q=1");
test(refuses, '-=x image', "unknown shorthand flag: '=' in -=x");
test(
  refuses,
  '--last x -9',
  'invalid argument "x" for "-n, --last" flag: strconv.ParseInt: parsing "x": invalid syntax',
);
test(refuses, '--name', 'flag needs an argument: --name');
test(refuses, '-e', "flag needs an argument: 'e' in -e");
test(refuses, '-ite', "flag needs an argument: 'e' in -ite");
test(
  refuses,
  '--rm=maybe image',
  'invalid argument "maybe" for "--rm" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
);
test(refuses, '--last x', 'invalid argument "x" for "-n, --last" flag: strconv.ParseInt: parsing "x": invalid syntax');
for (const number of ['08', '0x', '_1', '1_', '1__0', '0xg', '0b2', '--1', '1.0'])
  test(
    refuses,
    `--last=${number}`,
    `invalid argument "${number}" for "-n, --last" flag: strconv.ParseInt: parsing "${number}": invalid syntax`,
  );
test(
  refuses,
  '--cpu-period +1',
  'invalid argument "+1" for "--cpu-period" flag: strconv.ParseUint: parsing "+1": invalid syntax',
);
test(
  refuses,
  '--last 99999999999999999999',
  'invalid argument "99999999999999999999" for "-n, --last" flag: strconv.ParseInt: parsing "99999999999999999999": value out of range',
);
test(
  refuses,
  '--cpus abc',
  'invalid argument "abc" for "--cpus" flag: strconv.ParseFloat: parsing "abc": invalid syntax',
);
test(
  refuses,
  '--cpu-period -1',
  'invalid argument "-1" for "--cpu-period" flag: strconv.ParseUint: parsing "-1": invalid syntax',
);
test(refuses, '--sort c', 'invalid argument "c" for "--sort" flag: "c" is not a valid value.  Choose from: "a, b"');
test(refuses, '-p 80:80 image', '--publish is not supported yet: no bridge');
test(refuses, '--systemd=always image', '--systemd is not supported yet: no systemd');

test('the hint names the command', (t) => {
  t.is(t.throws(() => parse(['--foo'], true), { instanceOf: CliError })?.hint, "See 'tspod x --help'");
});

test('the first argument is found behind flags and their values', (t) => {
  t.is(firstArgument(FLAGS, words('--rm -e A --name x run')), 5);
  t.is(firstArgument(FLAGS, words('--name=x run')), 1);
  t.is(firstArgument(FLAGS, words('--rm')), 1);
  t.is(firstArgument(FLAGS, []), 0);
});
