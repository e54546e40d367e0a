/** The same by the command line: a new process for each, with its own look at the store. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { collect } from '../cli.js';
import type { Operation, Tools } from './operations.js';
import type { Outcome } from './protocol.js';

const PROGRAM = join(process.cwd(), 'bin/tspod');

/** What a command may say when it fails. */
const REFUSALS =
  /: no such container$|: container state improper$|: container is (running|stopped)$|: container already exists$|that name is already in use|: no such exec session$|does not exist$|no such object: /;

/** Exit statuses that are no error of tspod's: those of commands in containers that somebody ends. */
type Statuses = readonly number[];

interface Command {
  readonly weight: number;
  readonly statuses?: Statuses;
  readonly words: (id: string, name: string) => readonly string[];
  readonly removes?: boolean;
}

/** A container that is new; others work on the id that the name stands for. */
const CREATING: Readonly<Record<string, Command>> = {
  'tspod run -d': { weight: 4, words: (_id, name) => ['run', '-d', '--name', name, '@', 'host:', 'sleep', '1000'] },
  'tspod run --rm': {
    weight: 3,
    statuses: [137],
    words: (_id, name) => ['run', '--rm', '--name', name, '@', 'host:', 'true'],
  },
};

const COMMANDS: Readonly<Record<string, Command>> = {
  'tspod ps': { weight: 3, words: () => ['ps', '-a'] },
  'tspod start': { weight: 4, words: (id) => ['start', id] },
  'tspod stop': { weight: 2, words: (id) => ['stop', '-t', '0', id] },
  'tspod kill': { weight: 1, words: (id) => ['kill', id] },
  'tspod rm': { weight: 1, words: (id) => ['rm', id], removes: true },
  'tspod rm --force': { weight: 3, words: (id) => ['rm', '--force', '-t', '0', id], removes: true },
  'tspod exec': { weight: 2, statuses: [137, 255], words: (id) => ['exec', id, 'true'] },
  'tspod inspect': { weight: 1, words: (id) => ['inspect', id] },
  'tspod restart': { weight: 1, words: (id) => ['restart', '-t', '0', id] },
  'tspod pause': { weight: 1, words: (id) => ['pause', id] },
  'tspod unpause': { weight: 1, words: (id) => ['unpause', id] },
  'tspod cp': { weight: 1, words: (id) => ['cp', `${id}:/etc/hostname`, '-'] },
  'tspod events': { weight: 1, words: () => ['events', '--stream=false'] },
};

export const CLI_OPERATIONS: Readonly<Record<string, Operation>> = Object.fromEntries([
  ...Object.entries(CREATING).map(([title, command]) => [
    title,
    { weight: command.weight, errors: [], run: (tools: Tools, name: string) => run(tools, command, { id: '', name }) },
  ]),
  ...Object.entries(COMMANDS).map(([title, command]) => [
    title,
    {
      weight: command.weight,
      errors: [],
      run: (tools: Tools, name: string) => run(tools, command, { id: tools.engine.containers.get(name).id, name }),
    },
  ]),
]) as Readonly<Record<string, Operation>>;

async function run(
  { engine, cgroupParent, report }: Tools,
  { words, statuses = [], removes = false }: Command,
  { id, name }: { readonly id: string; readonly name: string },
): Promise<Outcome> {
  if (removes) report({ kind: 'removing', id });
  const flags = ['--network', 'none', '--cgroup-parent', cgroupParent];
  const args = words(id, name).flatMap((word) => (word === '@' ? flags : word));
  const env = { ...process.env, TSPOD_ROOT: engine.root, TSPOD_RUNROOT: engine.runRoot };
  const { status, stdout, stderr } = await collect(
    spawn(PROGRAM, args, { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  const lines = stderr.split('\n').filter(Boolean);
  const unexpected = lines.filter((line) => !REFUSALS.test(line));
  const isError = status !== 0 && !statuses.includes(status);
  if (unexpected.length > 0 || (isError && lines.length === 0))
    throw new Error(`tspod ${args.join(' ')} ended with ${status}: ${stderr}`);
  const created = /^[0-9a-f]{64}\n$/.test(stdout) && args.includes('-d') ? stdout.trim() : undefined;
  return {
    text: lines[0] ?? `= ${status}`,
    ...(created === undefined ? {} : { created: { id: created, mayVanish: false } }),
    ...(removes && status === 0 ? { removed: [id] } : {}),
  };
}
