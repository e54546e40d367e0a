/** Entry point of the command line: finds the command and runs it. */
import { EXIT_FAILURE } from './errors/cli-error.js';
import type { Command, Invocation } from './command-parts/definition.js';
import { mergeFlags } from './command-parts/merge-flags.js';
import { firstArgument } from './command-parts/normalize.js';
import { parseArguments } from './command-parts/parse.js';
import { findCommand, isGroup, type Group } from './command-table.js';
import type { Globals } from './context.js';
import { exitStatus } from './errors/exit-status.js';
import { globalFlags } from './flags/global.js';
import { readGlobals } from './globals.js';
import { resolvePath } from './resolve-path.js';
import { makeContext } from './make-context.js';
import { EXIT_OUTPUT_CLOSED, OutputClosed } from './streams/output.js';
import { reportError } from './errors/report-error.js';

const PROGRAM = 'tspod';

/** Global settings in effect before the flags are read. */
const DEFAULT_GLOBALS: Globals = { logLevel: 'warn', eventsBackend: 'file', hooksDirectories: [], stdout: 1 };

/** Runs a command line (`argv` without node and the script) and returns the exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    return await dispatch(argv);
  } catch (error) {
    return fail(DEFAULT_GLOBALS, error);
  }
}

async function fail(globals: Globals, error: unknown, doing?: string): Promise<number> {
  if (error instanceof OutputClosed) return EXIT_OUTPUT_CLOSED;
  try {
    await reportError(makeContext(globals), error, doing);
  } catch (nobodyReads) {
    if (!(nobodyReads instanceof OutputClosed)) throw nobodyReads;
  }
  return exitStatus(error);
}

async function dispatch(argv: readonly string[]): Promise<number> {
  const at = firstArgument(globalFlags, argv);
  const name = argv[at];
  if (name === undefined) return (await import('./without-command.js')).runWithoutCommand('', argv);
  if (at > 0) parseArguments({ path: PROGRAM, flags: globalFlags, passThrough: false }, argv.slice(0, at));
  if (name === 'help') return (await import('./without-command.js')).showHelp(argv.slice(at + 1));
  if (name === '__complete') return (await import('./completion/complete.js')).complete(argv.slice(at + 1));
  if (!isGroup(name)) return runCommand({ group: '', argv, at, typed: argv });
  const second = at + 1 + firstArgument(globalFlags, argv.slice(at + 1));
  if (argv[second] === undefined) {
    return (await import('./without-command.js')).runWithoutCommand(name, [
      ...argv.slice(0, at),
      ...argv.slice(at + 1),
    ]);
  }
  return runCommand({ group: name, argv: [...argv.slice(0, at), ...argv.slice(at + 1)], at: second - 1, typed: argv });
}

/** A command line without its group; the command's name is at index `at`. */
interface Place {
  readonly group: Group;
  readonly argv: readonly string[];
  readonly at: number;
  /** The command line as typed, with its group. */
  readonly typed: readonly string[];
}

async function runCommand({ group, argv, at, typed }: Place): Promise<number> {
  const name = argv[at] ?? '';
  const command = await findCommand(group, name);
  if (command === undefined) throw (await import('./without-command.js')).unknownCommand(group, name);
  const path = [PROGRAM, group, command.name].filter(Boolean).join(' ');
  const words = [...argv.slice(0, at), ...argv.slice(at + 1)];
  const parsed = parseArguments(
    { path, flags: mergeFlags(command.flags, globalFlags), passThrough: command.passThrough ?? false },
    words,
  );
  if (parsed.flags.bool('help')) {
    const { commandHelp } = await import('./help.js');
    await makeContext(DEFAULT_GLOBALS).out(commandHelp(path, command));
    return 0;
  }
  const invocation = { ...parsed, commandLine: [PROGRAM, ...typed] };
  return runInvocation(command, invocation, path);
}

async function runInvocation(command: Command, invocation: Invocation, path: string): Promise<number> {
  const globals = readGlobals(invocation.flags, resolvePath);
  const context = makeContext(globals);
  try {
    command.check?.(invocation);
    return await command.run(context, invocation);
  } catch (error) {
    return await fail(globals, error, path);
  } finally {
    await context.settled();
  }
}

/** Runs the command line of this process and ends the process, whatever is still open. */
export async function runMain(): Promise<void> {
  const status = await main(process.argv.slice(2)).catch((error: unknown) => {
    process.exitCode = EXIT_FAILURE;
    throw error;
  });
  process.exit(status);
}
