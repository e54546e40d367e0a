/** A terminal to run programs in, by tmux. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ExecutionContext } from 'ava';

import { storeOf } from './cli.js';
import { until } from './until.js';
import { temporaryDirectory } from './temp.js';

export interface Terminal {
  /** Types keys, as tmux names them: 'C-c', 'Enter', 'text'. */
  keys(...keys: readonly string[]): void;
  /** What is on the screen, without the spaces at the end of lines. */
  screen(): string;
  /** Waits until the screen matches. */
  shows(pattern: RegExp): Promise<void>;
  /** What is written to the terminal from now on, byte for byte, at each call. */
  record(): () => string;
  resize(columns: number, rows: number): void;
  /** Settings of the terminal, as stty prints them. */
  settings(): string;
  /** Closes it, as a person closes a window. */
  close(): void;
}

/** A shell in a terminal of 80 columns and 24 rows whose `tspod` works on the test's store; asked for with requires(t, 'tmux') first. */
export async function openTerminal(t: ExecutionContext<unknown>): Promise<Terminal> {
  const socket = join(temporaryDirectory(t), 'tmux');
  const { root, runRoot } = storeOf(t);
  const tmux = (...args: readonly string[]): string => {
    const { stdout, stderr, status } = spawnSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`tmux ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const environment = [
    `TSPOD_ROOT=${root}`,
    `TSPOD_RUNROOT=${runRoot}`,
    'TSPOD_NETWORK=none',
    `PATH=${process.cwd()}/bin:${process.env['PATH'] ?? ''}`,
    'PS1=$ ',
  ];
  tmux(
    'new-session',
    '-d',
    '-x',
    '80',
    '-y',
    '24',
    '-s',
    't',
    'env',
    '-u',
    'NODE_EXTRA_CA_CERTS',
    ...environment,
    'sh',
  );
  let isOpen = true;
  const close = (): void => {
    if (isOpen) tmux('kill-server');
    isOpen = false;
  };
  t.teardown(close);
  const screen = (): string => tmux('capture-pane', '-p', '-t', 't').replaceAll(/ +$/gm, '').trimEnd();
  const terminal: Terminal = {
    keys: (...keys) => tmux('send-keys', '-t', 't', ...keys),
    screen,
    shows: async (pattern) => {
      await until(`the terminal shows ${String(pattern)}`, () => pattern.test(screen())).catch((error: unknown) => {
        throw new Error(`${error instanceof Error ? error.message : String(error)}; it shows\n${screen()}`);
      });
    },
    record: () => {
      const file = join(temporaryDirectory(t), 'written');
      writeFileSync(file, '');
      tmux('pipe-pane', '-t', 't', `exec cat > ${file}`);
      return () => readFileSync(file, 'latin1');
    },
    resize: (columns, rows) => tmux('resize-window', '-t', 't', '-x', String(columns), '-y', String(rows)),
    settings: () => {
      const tty = tmux('display-message', '-p', '-t', 't', '#{pane_tty}').trim();
      return spawnSync('stty', ['-F', tty, '-a'], { encoding: 'utf8' }).stdout;
    },
    close,
  };
  await terminal.shows(/\$/);
  return terminal;
}
