/** Runs one program of the test run. */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** How much of a program's output a result keeps: its end says what went wrong. */
const KEPT_CHARACTERS = 20_000;

/** What a program has that was interrupted. */
const GRACE_MS = 20_000;

const running = new Set();

/** They are in groups of their own: who ends this program from a terminal or by its pid ends them, too. */
for (const [signal, number] of Object.entries({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 })) {
  process.on(signal, () => {
    for (const child of running) killGroup(child);
    process.exit(128 + number);
  });
}

/** What still runs of a command, a line each. */
function groupOf({ pid }) {
  const { stdout } = spawnSync('ps', ['-e', '-o', 'pgid=,pid=,ppid=,stat=,wchan=,args='], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => Number.parseInt(line, 10) === pid);
}

function killGroup({ pid }) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/**
 * Resolves to { status, output, isKilled }, output being both streams as they came. `onLine` sees each line of stdout. A program that
 * takes longer than the limit is interrupted, to say what it waits for, and killed with all that it started: the output has a list of that.
 */
export function command(file, args, { env = {}, cwd = root, onLine, timeoutMinutes = 50 } = {}) {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    child.on('spawn', () => running.add(child));
    let output = '';
    let rest = '';
    const keep = (text) => (output = (output + text).slice(-KEPT_CHARACTERS));
    child.stdout.setEncoding('utf8').on('data', (text) => {
      keep(text);
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      if (onLine !== undefined) lines.forEach(onLine);
    });
    child.stderr.setEncoding('utf8').on('data', keep);
    let isKilled = false;
    let timer = setTimeout(() => {
      isKilled = true;
      keep(`\n(killed: no end after ${timeoutMinutes} minutes)\n${groupOf(child).join('\n')}\n`);
      child.kill('SIGINT');
      timer = setTimeout(killGroup, GRACE_MS, child);
    }, timeoutMinutes * 60_000);
    child.on('error', (error) => keep(error.message));
    child.on('close', (code) => {
      clearTimeout(timer);
      if (isKilled) killGroup(child);
      running.delete(child);
      if (rest !== '' && onLine !== undefined) onLine(rest);
      resolve({ status: code ?? 1, output, isKilled });
    });
  });
}

/** One program as one test: exit status 77 is a skip, whose reason is the last line. */
export async function commandResult(name, file, args, options) {
  const { status, output } = await command(file, args, options);
  if (status === 0) return { name, outcome: 'passed' };
  if (status === 77) return { name, outcome: 'skipped', detail: output.trim().split('\n').at(-1) };
  return { name, outcome: 'failed', detail: output.trim() };
}
