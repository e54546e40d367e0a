import { defaultRegistry, keptLogin, logout, logoutAll, readLoginKey } from '../../../engine/registries/registries.js';
import { CliError, invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { authFileFlag, checkAuthFiles, compatAuthFileFlag, registryAccess } from '../../flags/registry.js';

export const command: Command = {
  name: 'logout',
  summary: 'Log out of a container registry',
  description: 'Removes the credentials for a registry, or for all of them, from the auth file.',
  usage: '[options] [REGISTRY]',
  examples: ['logout quay.io', 'logout --all'],
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Remove the credentials for all registries' },
    authFileFlag,
    compatAuthFileFlag,
  ],
  completion: [[]],
  check: ({ args, flags }) => {
    if (args.length > 1) throw invalid('logout accepts only one registry to logout from');
    checkAuthFiles(flags);
    if (flags.bool('all') && args.length > 0) throw invalid('--all takes no arguments');
  },
  run: async (context, { args, flags }) => {
    const request = registryAccess(flags);
    if (flags.bool('all')) {
      await logoutAll(request);
      await context.out('Removed login credentials for all registries\n');
      return 0;
    }
    const registry = args[0] ?? defaultRegistry(request);
    const { key } = readLoginKey(registry);
    if (await logout(registry, request)) await context.out(`Removed login credentials for ${key}\n`);
    else if ((await keptLogin(registry, request)) !== undefined)
      await context.out(
        `Not logged into ${key} with current tool. Existing credentials were established via docker login. Please use docker logout instead.\n`,
      );
    else throw new CliError(`not logged into ${key}`);
    return 0;
  },
};
