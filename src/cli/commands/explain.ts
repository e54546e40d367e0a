import { CliError, invalid, unsupported } from '../cli-error.js';
import type { Command, Invocation } from '../command/definition.js';
import { parseArguments } from '../command/parse.js';
import type { Context } from '../context.js';
import { checkCreate, readCreateRequest } from '../create-options.js';
import { globalFlags } from '../flags/global.js';
import { mergeFlags } from '../command/merge-flags.js';
import { command as create } from './create.js';
import { command as exec, readExecOptions } from './exec.js';
import { command as run } from './run.js';

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
    if (args.length === 0) throw invalid('explain what? run, create or exec');
    if (!EXPLAINED.some(({ name }) => name === args[0])) {
      throw new CliError(`cannot explain ${JSON.stringify(args[0])}: choose from run, create, exec`);
    }
  },
  run: async (context, invocation) => {
    const explained = EXPLAINED.find(({ name }) => name === invocation.args[0]) ?? run;
    const inner = parseInner(explained, invocation);
    await context.out(
      ended(explained === exec ? await explainExec(context, inner) : await explainCreate(context, inner)),
    );
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
  const inner = { ...parsed, commandLine: [commandLine[0] ?? 'tspod', explained.name, ...words] };
  explained.check?.(inner);
  return inner;
}

async function explainCreate(context: Context, inner: Invocation): Promise<string> {
  checkCreate(inner);
  const { options } = await readCreateRequest(context, inner);
  if (options.pod?.startsWith('new:') === true)
    throw unsupported('explaining --pod new:NAME', 'create the pod first, and name it');
  return (await context.engine()).explain(options);
}

async function explainExec(context: Context, inner: Invocation): Promise<string> {
  const [name = '', ...words] = inner.args;
  if (words.length === 0) throw invalid('must provide a non-empty command to start an exec session: invalid argument');
  return (await context.engine()).explainExec(name, readExecOptions(context, inner, words));
}

function ended(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
