import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { COMPLETION_SCRIPTS } from '../../completion/scripts.js';

const SHELLS = Object.keys(COMPLETION_SCRIPTS);

export const command: Command = {
  name: 'completion',
  summary: 'Print a completion script for a shell',
  description: 'Prints a script that teaches a shell to complete commands, flags, values and names of containers.',
  usage: `{${SHELLS.join('|')}}`,
  examples: [
    'completion bash > /etc/bash_completion.d/tspod',
    'completion zsh > "${fpath[1]}/_tspod"',
    'completion fish > ~/.config/fish/completions/tspod.fish',
  ],
  flags: [],
  completion: [SHELLS, []],
  check: ({ args }) => {
    if (args.length !== 1) throw invalid(`accepts 1 arg(s), received ${args.length}`);
    if (!SHELLS.includes(args[0] ?? ''))
      throw invalid(`unknown shell ${JSON.stringify(args[0])}: choose from ${SHELLS.join(', ')}`);
  },
  run: async (context, { args }) => {
    await context.out(COMPLETION_SCRIPTS[args[0] ?? ''] ?? '');
    return 0;
  },
};
