/** What node-gyp is told: how much it may do at once, and where the headers of Node are, which most installations bring along. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The environment for node-gyp: this process's, as many compilers at once as there are processors unless JOBS says how
 * many, and the directory of the headers if there is one and none was set, so that it need not ask the network.
 */
export function nodeGypEnvironment() {
  const prefix = dirname(dirname(process.execPath));
  const environment = { JOBS: 'max', ...process.env };
  if (process.env.npm_config_nodedir !== undefined || !existsSync(join(prefix, 'include/node/node_api.h')))
    return environment;
  return { ...environment, npm_config_nodedir: prefix };
}
