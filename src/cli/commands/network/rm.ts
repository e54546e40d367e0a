import { isTspodError } from '../../../errors.js';
import { EXIT_FAILURE, invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { forEachName } from '../../targets/for-each-name.js';

export const command: Command = {
  name: 'rm',
  summary: 'Remove networks',
  description:
    'Removes networks by name or id. A network that containers use is not removed without --force, which also ignores missing networks.',
  usage: '[options] NETWORK [NETWORK...]',
  examples: ['network rm web', 'network rm --force web db'],
  flags: [
    { name: 'force', short: 'f', kind: 'bool', help: 'Remove the containers that use it first' },
    {
      name: 'time',
      short: 't',
      kind: 'uint',
      value: 'seconds',
      default: '10',
      help: 'With --force: time between the stop signal and SIGKILL',
    },
  ],
  completion: ['networks'],
  check: ({ args, flags }) => {
    if (args.length === 0) throw invalid('requires at least 1 arg(s), only received 0');
    if (flags.has('time') && !flags.bool('force'))
      throw invalid('--force option must be specified to use the --time option');
  },
  run: async (context, { flags, args }) => {
    const engine = await context.engine();
    const force = flags.bool('force');
    const timeoutSec = flags.number('time');
    return forEachName(context, args, {
      act: async (name) => {
        await engine.networks.remove(name, { force, ...(timeoutSec === undefined ? {} : { timeoutSec }) });
        return `${name}\n`;
      },
      isDone: (error) => force && isTspodError(error, 'NO_SUCH_NETWORK'),
      status: statusOf,
    });
  },
};

/** Returns 1 if a network is missing, else 2 if one is in use, else 125. */
function statusOf(errors: readonly unknown[]): number {
  if (errors.some((error) => isTspodError(error, 'NO_SUCH_NETWORK'))) return 1;
  return errors.some((error) => isTspodError(error, 'NETWORK_IN_USE')) ? 2 : EXIT_FAILURE;
}
