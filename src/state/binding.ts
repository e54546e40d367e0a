/**
 * Finds better-sqlite3's native addon: its own build, or the prebuilt one that tspod ships for installations without
 * scripts.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { TspodError } from '../errors.js';
import { packageRoot } from '../native/package-root.js';

/**
 * Returns the path for better-sqlite3's option `nativeBinding`. It is always passed: better-sqlite3's own search tries
 * a dozen directories.
 *
 * @throws {TspodError} UNSUPPORTED_HOST when there is no addon for this version of Node.
 */
export function sqliteBinding(): string {
  const packageDirectory = dirname(createRequire(import.meta.url).resolve('better-sqlite3/package.json'));
  const own = join(packageDirectory, 'build/Release/better_sqlite3.node');
  if (existsSync(own)) return own;
  const platform = `${process.platform}-${process.arch}`;
  const shipped = join(packageRoot(), `prebuilds/${platform}/better-sqlite3/abi${process.versions.modules}.node`);
  if (existsSync(shipped)) return shipped;
  throw new TspodError(
    'UNSUPPORTED_HOST',
    `better-sqlite3 is not built for Node ${process.version} on ${platform}; run "npm rebuild better-sqlite3"`,
  );
}
