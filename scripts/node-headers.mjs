/** Where node-gyp finds the headers of Node without asking the network: most installations bring them along. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The environment for node-gyp: this process's, and the directory of the headers if there is one and none was set. */
export function nodeGypEnvironment() {
  const prefix = dirname(dirname(process.execPath));
  if (process.env.npm_config_nodedir !== undefined || !existsSync(join(prefix, 'include/node/node_api.h')))
    return process.env;
  return { ...process.env, npm_config_nodedir: prefix };
}
