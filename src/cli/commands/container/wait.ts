import { WAIT_CONDITIONS, type WaitCondition } from '../../../container/api/container.js';
import { isTspodError } from '../../../errors.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command, Invocation } from '../../command-parts/definition.js';
import type { Context } from '../../context.js';
import { parseInterval } from '../../parse/duration.js';
import { latestFlag, selectOne } from '../../targets/containers.js';
import { forEachName } from '../../targets/for-each-name.js';

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
      help: 'How often to check for states that have to be polled',
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
    return forEachName(context, flags.bool('latest') ? [undefined] : args, {
      act: async (name) => `${await waitForOne(context, name, options)}\n`,
      atOnce: true,
    });
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

async function waitForOne(context: Context, name: string | undefined, options: Options): Promise<number> {
  try {
    const container = await selectOne(context, name, { latest: name === undefined });
    return await container.wait({
      intervalMs: options.intervalMs,
      ...(options.conditions.length === 0 ? {} : { conditions: options.conditions }),
    });
  } catch (error) {
    if (!options.ignore || !isTspodError(error, 'NO_SUCH_CONTAINER')) throw error;
    return -1;
  }
}
