/** -t in a real terminal. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

import test, { type ExecutionContext } from 'ava';

import { busyboxRoot } from '../../helpers/busybox.js';
import { output, run, storeOf } from '../../helpers/cli.js';
import { until } from '../../helpers/until.js';
import { requires } from '../../helpers/requires.js';
import { openTerminal, type Terminal } from '../../helpers/tmux.js';

function inTerminal(
  title: string,
  body: (t: ExecutionContext, terminal: Terminal, root: string) => Promise<void>,
): void {
  // one after the other: what is waited for is what a person would see in time
  test.serial(title, async (t) => {
    if (!requires(t, 'root', 'busybox', 'tmux')) return;
    const root = busyboxRoot(t);
    await body(t, await openTerminal(t), root);
  });
}

/** The settings that raw mode changes. */
function mode(terminal: Terminal): string {
  const settings = terminal.settings().split(/\s+/);
  return ['icanon', 'echo', 'isig', 'opost', 'icrnl']
    .map((name) => (settings.includes(name) ? name : `-${name}`))
    .join(' ');
}

/** Pids of the command lines that run on the test's store. */
function commandLines(t: ExecutionContext, word: string): number[] {
  const { runRoot } = storeOf(t);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
        return words[0]?.endsWith('node') === true && words.includes(word) && environment.includes(runRoot);
      } catch {
        return false;
      }
    })
    .map(Number);
}

inTerminal('run -it: a shell, its terminal, its end', async (t, terminal, root) => {
  const before = mode(terminal);
  terminal.keys(`tspod run -it --rm --hostname inside --rootfs ${root} sh`, 'Enter');
  await terminal.shows(/\/ #/);
  t.not(mode(terminal), before);
  terminal.keys('tty; hostname; test -t 0 && echo is-a-terminal', 'Enter');
  await terminal.shows(/\/dev\/pts\/0\ninside\nis-a-terminal/);
  terminal.keys('exit 7', 'Enter');
  await terminal.shows(/\$$/);
  terminal.keys('echo "status $?"', 'Enter');
  await terminal.shows(/status 7/);
  t.is(mode(terminal), before);
});

inTerminal('-t: what is written arrives byte for byte', async (t, terminal, root) => {
  writeFileSync(`${root}/lines`, 'printf "one\\ntwo\\n"; stty -opost; printf "three\\nfour\\n"');
  await run(t, 0, 'run', '-d', '--name', 'c', '--rootfs', root, 'sleep', '1000');
  const before = terminal.settings();
  for (const command of [
    `run -it --rm --rootfs ${root} sh /lines`,
    `run -t --rm --rootfs ${root} sh /lines`,
    'exec -it c sh /lines',
    'exec -t c sh /lines',
  ]) {
    terminal.keys('clear; echo cleared', 'Enter');
    await terminal.shows(/^cleared\n\$/);
    const written = terminal.record();
    terminal.keys(`tspod ${command}`, 'Enter');
    await until(`${command} ends`, () => /four\s+\$ $/.test(written()));
    t.regex(written(), /\r\none\r\ntwo\r\nthree\nfour\n\$ $/, command);
    t.is(terminal.settings(), before);
  }
});

inTerminal('-t without -i: keys are neither shown nor signals', async (t, terminal, root) => {
  const before = mode(terminal);
  const ready = 'echo rea""dy; exec sleep 1000';
  terminal.keys(`tspod run -t --rm --name c --rootfs ${root} sh -c '${ready}'`, 'Enter');
  await terminal.shows(/^ready$/m);
  t.is(mode(terminal), '-icanon -echo -isig -opost -icrnl');
  terminal.keys('C-c', 'typed');
  t.is(await output(t, 'ps', '--format', '{{.Names}}'), 'c\n');
  t.regex(terminal.screen(), /ready$/);
  await run(t, 0, 'kill', 'c');
  await until('it is put back', () => mode(terminal) === before);
});

inTerminal(
  'a command line that is stopped leaves the terminal as it was, and finds it raw again',
  async (t, terminal, root) => {
    const before = terminal.settings();
    terminal.keys(`tspod run -it --sig-proxy=false --rm --rootfs ${root} sh`, 'Enter');
    await terminal.shows(/\/ #/);
    const raw = mode(terminal);
    for (const pid of commandLines(t, 'run')) process.kill(pid, 'SIGTSTP');
    await until('it is put back', () => terminal.settings() === before);
    terminal.keys('clear; fg', 'Enter');
    await until('it is raw', () => mode(terminal) === raw);
    terminal.keys('exit 6', 'Enter');
    await until('it is put back', () => terminal.settings() === before);
    terminal.keys('echo "status $?"', 'Enter');
    await terminal.shows(/status 6/);
    t.is(terminal.settings(), before);
  },
);

inTerminal('the size of the terminal is passed on, and its changes', async (t, terminal, root) => {
  terminal.keys(`tspod run -it --rm --rootfs ${root} sh`, 'Enter');
  await terminal.shows(/\/ #/);
  terminal.keys('stty size', 'Enter');
  await terminal.shows(/^24 80$/m);
  terminal.resize(100, 30);
  await until('the new size arrives', async () => {
    terminal.keys('stty size', 'Enter');
    await new Promise((resolve) => setTimeout(resolve, 100));
    return /^30 100$/m.test(terminal.screen());
  });
  terminal.keys('exit', 'Enter');
  await terminal.shows(/\$$/);
  t.pass();
});

inTerminal('^C goes to the program inside', async (t, terminal, root) => {
  terminal.keys(`tspod run -it --rm --rootfs ${root} sh`, 'Enter');
  await terminal.shows(/\/ #/);
  // The word is typed in two pieces: what is shown whole was written by the program.
  terminal.keys(`(trap "echo; echo got-int; exit" INT; echo rea''dy; while :; do sleep 1; done)`, 'Enter');
  await terminal.shows(/^ready$/m);
  terminal.keys('C-c');
  await terminal.shows(/^got-int\n\/ #/m);
  terminal.keys('exit 3', 'Enter');
  await terminal.shows(/\$$/);
  t.pass();
});

inTerminal('ctrl-p ctrl-q detaches with 0, attach comes back', async (t, terminal, root) => {
  const before = mode(terminal);
  terminal.keys(`tspod run -it --name shell --rootfs ${root} sh`, 'Enter');
  await terminal.shows(/\/ #/);
  terminal.keys('C-p', 'C-q');
  await terminal.shows(/\$$/);
  terminal.keys('echo "status $?"', 'Enter');
  await terminal.shows(/status 0/);
  t.is(mode(terminal), before);
  t.is(await output(t, 'inspect', '-f', '{{.State.Status}}', 'shell'), 'running\n');
  terminal.keys('clear; tspod attach --detach-keys ctrl-x shell', 'Enter');
  await until('it is attached', () => mode(terminal) !== before);
  terminal.keys('echo again', 'Enter');
  await terminal.shows(/^again$/m);
  terminal.keys('C-x');
  await until('the terminal is put back', () => mode(terminal) === before);
  t.is(await output(t, 'inspect', '-f', '{{.State.Status}}', 'shell'), 'running\n');
});

inTerminal('attach, and start -a, to a shell that waits: its prompt is shown at once', async (t, terminal, root) => {
  const before = mode(terminal);
  for (const program of ['sh', 'bash'].filter((name) => name === 'sh' || existsSync(`/bin/${name}`))) {
    const where = program === 'sh' ? `--rootfs ${root}` : 'host:';
    terminal.keys(
      `tspod run -it --name ${program} -e 'PS1=prompt> ' ${where} ${program} ${program === 'sh' ? '' : '--norc'}`,
      'Enter',
    );
    await terminal.shows(/^prompt>$/m);
    terminal.keys('C-p', 'C-q');
    await until('the terminal is put back', () => mode(terminal) === before);
    for (const command of ['attach', 'start -ai']) {
      terminal.keys(`clear; echo cleared; tspod ${command} --detach-keys ctrl-x ${program}`, 'Enter');
      await terminal.shows(/^cleared\s+prompt>/);
      await until('the size is right', async () => {
        terminal.keys('stty size', 'Enter');
        await new Promise((resolve) => setTimeout(resolve, 100));
        return /^24 80$/m.test(terminal.screen());
      });
      terminal.keys('C-x');
      await until('the terminal is put back', () => mode(terminal) === before);
    }
    t.is(await output(t, 'inspect', '-f', '{{.State.Status}}', program), 'running\n');
  }
});

inTerminal('exec -it, while the container has no terminal', async (t, terminal, root) => {
  await run(t, 0, 'run', '-d', '--name', 'c', '--rootfs', root, 'sleep', '1000');
  terminal.keys('tspod exec -it c sh', 'Enter');
  await terminal.shows(/\/ #/);
  terminal.keys('stty size; cat /proc/1/comm', 'Enter');
  await terminal.shows(/^24 80\nsleep$/m);
  terminal.keys('exit 9', 'Enter');
  await terminal.shows(/\$$/);
  terminal.keys('echo "status $?"', 'Enter');
  await terminal.shows(/status 9/);
});

inTerminal('start -ai of a container with a terminal', async (t, terminal, root) => {
  await run(t, 0, 'create', '-it', '--name', 'c', '--rootfs', root, 'sh');
  terminal.keys('tspod start -ai c', 'Enter');
  await terminal.shows(/\/ #/);
  terminal.keys('exit 4', 'Enter');
  await terminal.shows(/\$$/);
  terminal.keys('echo "status $?"', 'Enter');
  await terminal.shows(/status 4/);
});

/** Says what it gets; each signal ends it with a status of its own. */
const SIGNALLED = `trap 'echo got-term; exit 3' TERM
trap 'echo got-hup; exit 4' HUP
trap 'echo got-tstp; exit 5' TSTP
echo ready; while :; do sleep 0.1; done
`;

for (const [signal, status] of [
  ['TERM', 3],
  ['HUP', 4],
  ['TSTP', 5],
] as const) {
  inTerminal(`-t: SIG${signal} goes on to the container`, async (t, terminal, root) => {
    writeFileSync(`${root}/signalled`, SIGNALLED);
    const before = mode(terminal);
    const told = new RegExp(`^got-${signal.toLowerCase()}\\nstatus ${status}$`, 'm');
    terminal.keys(`tspod run -it --name c --rootfs ${root} sh /signalled; echo "status $?"`, 'Enter');
    await terminal.shows(/^ready$/m);
    for (const pid of commandLines(t, 'run')) process.kill(pid, `SIG${signal}`);
    await terminal.shows(told);
    t.is(mode(terminal), before);
    terminal.keys('clear; echo again; tspod start -ai c; echo "status $?"', 'Enter');
    await terminal.shows(/^again\nready$/m);
    for (const pid of commandLines(t, 'start')) process.kill(pid, `SIG${signal}`);
    await terminal.shows(told);
    t.is(mode(terminal), before);
    await run(t, 0, 'start', 'c');
    terminal.keys('clear; tspod attach c', 'Enter');
    await until('it is attached', () => mode(terminal) !== before);
    for (const pid of commandLines(t, 'attach')) process.kill(pid, `SIG${signal}`);
    await until('it ends', () => mode(terminal) === before);
    t.is(await output(t, 'wait', 'c'), `${status}\n`);
  });
}

inTerminal(
  'a terminal that is closed: the container gets SIGHUP, and the status is its own',
  async (t, terminal, root) => {
    // it says nothing: that could not be shown, which would be an error
    writeFileSync(`${root}/hung-up`, "trap 'exit 4' HUP; echo ready; while :; do sleep 0.1; done");
    // the first shell ends with the terminal, this one does not
    const words = `tspod run -it --rm --name c --rootfs ${root} sh /hung-up`;
    writeFileSync(`${root}/outlive`, `trap '' HUP; ${words}; echo $? > ${root}/status`);
    terminal.keys(`sh ${root}/outlive`, 'Enter');
    await terminal.shows(/^ready$/m);
    terminal.close();
    await until('it has ended', () => existsSync(`${root}/status`) && readFileSync(`${root}/status`, 'utf8') !== '');
    t.is(readFileSync(`${root}/status`, 'utf8'), '4\n');
  },
);

for (const signal of ['TERM', 'HUP', 'QUIT', 'USR2']) {
  inTerminal(`the terminal is put back when SIG${signal} ends the command line`, async (t, terminal, root) => {
    const before = mode(terminal);
    terminal.keys(`tspod run -it --sig-proxy=false --name c --rootfs ${root} sh`, 'Enter');
    await terminal.shows(/\/ #/);
    t.not(mode(terminal), before);
    for (const pid of commandLines(t, 'run')) process.kill(pid, `SIG${signal}`);
    await until('it is put back', () => mode(terminal) === before);
    t.is(await output(t, 'inspect', '-f', '{{.State.Status}}', 'c'), 'running\n', 'the container goes on');
  });
}

inTerminal('exec -it: a signal ends the command line, and the terminal is put back', async (t, terminal, root) => {
  await run(t, 0, 'run', '-d', '--name', 'c', '--rootfs', root, 'sleep', '1000');
  const before = mode(terminal);
  terminal.keys('tspod exec -it c sh', 'Enter');
  await terminal.shows(/\/ #/);
  for (const pid of commandLines(t, 'exec')) process.kill(pid, 'SIGTERM');
  await until('it is put back', () => mode(terminal) === before);
  t.is(await output(t, 'inspect', '-f', '{{.State.Status}}', 'c'), 'running\n');
});

inTerminal('the terminal is put back when a signal comes after the end of the container', async (t, terminal, root) => {
  const before = mode(terminal);
  const reader = 'sleep 1000'; // which reads nothing
  terminal.keys(`tspod run -it --log-driver none --name noisy --rootfs ${root} yes | ${reader}`, 'Enter');
  const isIn = async (state: string): Promise<boolean> =>
    (await output(t, 'ps', '-a', '--format', '{{.State}}')) === `${state}\n`;
  await until('it runs', () => isIn('running'));
  await run(t, 0, 'kill', 'noisy');
  await until('it has ended', () => isIn('exited'));
  t.not(mode(terminal), before);
  for (const pid of commandLines(t, 'run')) process.kill(pid, 'SIGTERM');
  await until('it is put back', () => mode(terminal) === before);
  terminal.keys('C-c');
  await terminal.shows(/\$$/);
});

inTerminal('the terminal is put back when the start fails, and when the container dies', async (t, terminal, root) => {
  const before = mode(terminal);
  terminal.keys(`tspod run -it --rm --rootfs ${root} nosuch; echo "status $?"`, 'Enter');
  await terminal.shows(/status 127/);
  t.is(mode(terminal), before);
  terminal.keys(`clear; tspod run -it --name c --rootfs ${root} sh; echo "status $?"`, 'Enter');
  await terminal.shows(/\/ #/);
  await run(t, 0, 'kill', 'c');
  await terminal.shows(/status 137/);
  t.is(mode(terminal), before);
});

inTerminal('names that would steer the terminal are shown, not sent', async (t, terminal, root) => {
  await run(t, 0, 'create', '--name', 'c', '-l', 'x=\x1b[31mred\x07', '--rootfs', root, 'echo', '\x1b]0;title\x07');
  terminal.keys("tspod ps -a --no-trunc --format '{{.Command}} {{.Labels}}'", 'Enter');
  await terminal.shows(/\\x1b\]0;title\\x07 map\[x:\\x1b\[31mred\\x07\]/);
  t.true(
    (await output(t, 'ps', '-a', '--no-trunc', '--format', '{{.Command}}')).includes('\x1b]0;title\x07'),
    'but not to a pipe',
  );
});

test('-it without a terminal warns and goes on', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const { stderr, stdout } = await run(t, 0, 'run', '--rm', '-it', '--rootfs', busyboxRoot(t), 'echo', 'hi');
  t.regex(stderr, /level=warning msg="The input device is not a TTY/);
  t.is(stdout, 'hi\r\n');
});
