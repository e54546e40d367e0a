import { WAIT_CONDITIONS, type WaitCondition } from '../../../container/api/container.js';
import { isTspodError } from '../../../errors.js';
import { EXIT_FAILURE, invalid } from '../../errors/cli-error.js';
import type { Command, Invocation } from '../../command/definition.js';
import type { Context } from '../../context.js';
import { parseInterval } from '../../parse/duration.js';
import { reportError } from '../../errors/report-error.js';
import { latestFlag, selectOne } from '../../targets/containers.js';

const CONDITIONS: ReadonlySet<string> = new Set(WAIT_CONDITIONS);

export const command: Command = {
  name: 'wait',
  summary: 'Block on one or more containers',
  description: 'Waits until containers end and prints their exit codes.',
  usage: '[options] CONTAINER [CONTAINER...]',
  examples: ['wait web', 'wait --condition running web', 'wait --interval 5s web db'],
  flags: [
    {
      name: 'condition',
      kind: 'list',
      value: 'state',
      completion: [...CONDITIONS],
      help: 'State to wait for instead of the end',
    },
    { name: 'ignore', kind: 'bool', help: 'Print -1 for a missing container' },
    {
      name: 'interval',
      short: 'i',
      kind: 'text',
      value: 'duration',
      default: '250ms',
      help: 'How often to look for a state that nothing announces',
    },
    latestFlag,
  ],
  completion: ['containers'],
  check: ({ flags, args }) => {
    if (args.length === 0 && !flags.bool('latest'))
      throw invalid('"tspod wait" requires a name, id, or the "--latest" flag');
    if (args.length > 0 && flags.bool('latest')) throw invalid('--latest and containers cannot be used together');
  },
  run: async (context, invocation) => {
    const { flags, args } = invocation;
    const options = readOptions(invocation);
    let status = 0;
    for (const name of flags.bool('latest') ? [undefined] : args) {
      try {
        await waitForOne(context, name, options);
      } catch (error) {
        status = EXIT_FAILURE;
        await reportError(context, error);
      }
    }
    return status;
  },
};

interface Options {
  readonly conditions: readonly WaitCondition[];
  readonly intervalMs: number;
  readonly ignore: boolean;
}

function readOptions({ flags }: Invocation): Options {
  const conditions = flags.list('condition').map((text) => {
    if (!CONDITIONS.has(text)) throw invalid(`unknown container state: ${text}: invalid argument`);
    return text as WaitCondition;
  });
  return { conditions, intervalMs: parseInterval(flags.text('interval') ?? '250ms'), ignore: flags.bool('ignore') };
}

async function waitForOne(context: Context, name: string | undefined, options: Options): Promise<void> {
  try {
    const container = await selectOne(context, name, name === undefined);
    const code = await container.wait({
      intervalMs: options.intervalMs,
      ...(options.conditions.length === 0 ? {} : { conditions: options.conditions }),
    });
    await context.out(`${code}\n`);
  } catch (error) {
    if (!options.ignore || !isTspodError(error, 'NO_SUCH_CONTAINER')) throw error;
    await context.out('-1\n');
  }
}
