import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { selectOne } from '../../targets/containers.js';

/** Exit status for a container that is not healthy. */
const EXIT_NOT_WELL = 1;

export const command: Command = {
  name: 'run',
  summary: 'Run the health check of a container',
  description:
    'Runs the health check of a container now. The status is 0 if the container is healthy, 1 if it is not (unhealthy, starting or stopped, which is printed), 125 after an error. The result counts like those of the checks that run by themselves.',
  usage: '[options] CONTAINER',
  examples: ['healthcheck run web', 'healthcheck run --ignore-result web'],
  flags: [{ name: 'ignore-result', kind: 'bool', help: 'Exit with 0 whatever the result is' }],
  completion: ['containers', []],
  check: ({ args }) => {
    if (args.length !== 1) throw invalid(`accepts 1 arg(s), received ${args.length}`);
  },
  run: async (context, { args, flags }) => {
    const container = await selectOne(context, args[0]);
    const { status } = await container.healthcheck();
    if (status === 'healthy') return 0;
    await context.out(`${status}\n`);
    return flags.bool('ignore-result') ? 0 : EXIT_NOT_WELL;
  },
};
