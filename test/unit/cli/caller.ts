import { resolve } from 'node:path';

import type { Caller } from '../../../src/cli/parse/caller.js';

/** A caller whose environment and files are given. */
export function fakeCaller(options: { env?: Record<string, string>; files?: Record<string, string> } = {}): Caller {
  return {
    env: options.env ?? {},
    resolve: (path) => resolve('/here', path),
    readFile: (path) => {
      const text = options.files?.[path];
      if (text === undefined) throw new Error(`open ${path}: no such file or directory`);
      return text;
    },
    limits: () => [
      { name: 'nofile', soft: 1024, hard: 4096 },
      { name: 'core', soft: 0, hard: -1 },
    ],
  };
}
