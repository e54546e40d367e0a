import { CliError, invalid, unsupported } from '../../errors/cli-error.js';
import type { Command, Invocation } from '../../command-parts/definition.js';
import { withFallback } from '../../command-parts/flag-values.js';
import { parseArguments } from '../../command-parts/parse.js';
import type { Context } from '../../context.js';
import { checkCreate, readCreateRequest } from '../../create/container.js';
import { globalFlags } from '../../flags/global.js';
import { readGlobals } from '../../globals.js';
import { makeContext } from '../../make-context.js';
import { mergeFlags } from '../../command-parts/merge-flags.js';
import { command as create } from '../container/create.js';
import { command as exec, findTarget, readExecOptions } from '../container/exec.js';
import { command as run } from '../container/run.js';

const EXPLAINED: readonly Command[] = [run, create, exec];

export const command: Command = {
  name: 'explain',
  summary: 'Print what run, create or exec would do',
  description:
    'Prints the launch plan of a command line, a line for each operation of the kernel, and runs nothing: nothing is created or changed.',
  usage: '{run|create|exec} [options] ARG...',
  examples: ['explain run --memory 64m host: true', 'explain exec web ps ax'],
  flags: [],
  passThrough: true,
  completion: [['run', 'create', 'exec']],
  check: ({ args }) => {
    if (args.length === 0) throw invalid('nothing to explain: choose from run, create, exec');
    if (!EXPLAINED.some(({ name }) => name === args[0])) {
      throw new CliError(`cannot explain ${JSON.stringify(args[0])}: choose from run, create, exec`);
    }
  },
  run: async (context, invocation) => {
    const explained = EXPLAINED.find(({ name }) => name === invocation.args[0]) ?? run;
    const inner = parseInner(explained, invocation);
    const path = `tspod ${explained.name}`;
    const text = inner.flags.bool('help')
      ? (await import('../../help.js')).commandHelp(path, explained)
      : await explain(contextOf(context, invocation, inner), explained, inner);
    await context.out(text.endsWith('\n') ? text : `${text}\n`);
    return 0;
  },
};

function parseInner(explained: Command, { args, commandLine }: Invocation): Invocation {
  const words = args.slice(1);
  const parsed = parseArguments(
    {
      path: `tspod ${explained.name}`,
      flags: mergeFlags(explained.flags, globalFlags),
      passThrough: explained.passThrough ?? false,
    },
    words,
  );
  return { ...parsed, commandLine: [commandLine[0] ?? 'tspod', explained.name, ...words] };
}

/**
 * Returns a context with the global flags on both sides of the explained command's name; those after the name take
 * precedence.
 */
function contextOf(context: Context, outer: Invocation, inner: Invocation): Context {
  if (!globalFlags.some(({ name }) => inner.flags.has(name))) return context;
  return makeContext(readGlobals(withFallback(inner.flags, outer.flags), context.caller.resolve));
}

function explain(context: Context, explained: Command, inner: Invocation): Promise<string> {
  explained.check?.(inner);
  return explained === exec ? explainExec(context, inner) : explainCreate(context, inner);
}

async function explainCreate(context: Context, inner: Invocation): Promise<string> {
  checkCreate(inner);
  const { options } = await readCreateRequest(context, inner);
  if (options.pod?.startsWith('new:') === true)
    throw unsupported('explaining --pod new:NAME', 'create the pod first, and name it');
  return (await context.engine()).explain(options);
}

async function explainExec(context: Context, inner: Invocation): Promise<string> {
  const { container, words } = await findTarget(context, inner);
  if (words.length === 0) throw invalid('must provide a non-empty command to start an exec session: invalid argument');
  return (await context.engine()).explainExec(container.id, readExecOptions(context, inner, words));
}
