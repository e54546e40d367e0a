import type { Command } from '../../command-parts/definition.js';
import { noArguments } from '../../command-parts/no-arguments.js';
import { confirmed } from '../../terminal/confirm.js';
import { reportErrors } from '../../errors/report-error.js';

const WARNING = 'This will remove all stopped/exited pods..';

export const command: Command = {
  name: 'prune',
  summary: 'Remove all stopped pods',
  description: 'Removes the pods whose containers have ended, with their containers.',
  usage: '[options]',
  examples: ['pod prune', 'pod prune --force'],
  flags: [{ name: 'force', short: 'f', kind: 'bool', help: 'Do not ask for confirmation' }],
  completion: [[]],
  check: ({ args }) => noArguments(args, 'pod prune'),
  run: async (context, { flags }) => {
    if (!flags.bool('force') && !(await confirmed(context, WARNING))) return 0;
    const { pods } = await context.engine();
    const { done, failed } = await pods.prune();
    await context.out(done.map((id) => `${id}\n`).join(''));
    return reportErrors(context, [...failed.values()]);
  },
};
