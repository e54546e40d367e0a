import type { Volumes } from '../../../engine/volumes/types.js';
import { isTspodError } from '../../../errors.js';
import { EXIT_FAILURE, invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { forEachName } from '../../targets/for-each-name.js';

export const command: Command = {
  name: 'rm',
  summary: 'Remove volumes',
  description: 'Removes volumes with their content. A volume that a container uses is not removed without --force.',
  usage: '[options] VOLUME [VOLUME...]',
  examples: ['volume rm data', 'volume rm --force data', 'volume rm --all'],
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Remove all volumes' },
    {
      name: 'force',
      short: 'f',
      kind: 'bool',
      help: 'Remove the containers that use it first; ignore missing volumes',
    },
    {
      name: 'time',
      short: 't',
      kind: 'uint',
      value: 'seconds',
      default: '10',
      help: 'With --force: time between the stop signal and SIGKILL',
    },
  ],
  completion: ['volumes'],
  check: ({ args, flags }) => {
    if (flags.has('time') && !flags.bool('force'))
      throw invalid('--force option must be specified to use the --time option');
    if ((args.length === 0) !== flags.bool('all')) throw invalid('choose either one or more volumes or all');
  },
  run: async (context, { flags, args }) => {
    const engine = await context.engine();
    const force = flags.bool('force');
    const timeoutSec = flags.number('time');
    const given = flags.bool('all') ? engine.volumes.list().map(({ name }) => name) : args;
    const options = { force, exact: true, ...(timeoutSec === undefined ? {} : { timeoutSec }) };
    const mayMiss = force || flags.bool('all');
    return forEachName(context, wholeNames(engine.volumes, given), {
      act: async (wanted) => {
        if ('error' in wanted) throw wanted.error;
        await engine.volumes.remove(wanted.name, options);
        return `${wanted.shown}\n`;
      },
      isDone: (error) => mayMiss && isTspodError(error, 'NO_SUCH_VOLUME'),
      status: statusOf,
    });
  },
};

type Wanted = { readonly shown: string; readonly name: string } | { readonly error: unknown };

/**
 * Resolves all names to full names before any volume is removed, so that a prefix that is ambiguous now cannot name
 * another volume then. Each volume is returned once.
 */
function wholeNames(volumes: Volumes, given: readonly string[]): readonly Wanted[] {
  const seen = new Set<string>();
  return given.flatMap((shown): readonly Wanted[] => {
    try {
      const { name } = volumes.get(shown);
      if (seen.has(name)) return [];
      seen.add(name);
      return [{ shown, name }];
    } catch (error) {
      return [{ error }];
    }
  });
}

/** Returns 2 if a volume is in use, else 1 if one is missing, else 125. */
function statusOf(errors: readonly unknown[]): number {
  if (errors.some((error) => isTspodError(error, 'VOLUME_IN_USE'))) return 2;
  return errors.some((error) => isTspodError(error, 'NO_SUCH_VOLUME')) ? 1 : EXIT_FAILURE;
}
