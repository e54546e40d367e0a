/** What this is. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { packageRoot } from '../native/package-root.js';
import { PLAN_VERSION } from '../plan/ops.js';
import type { EngineVersion } from './types.js';

export function engineVersion(): EngineVersion {
  const path = join(packageRoot(), 'package.json');
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
  return {
    version,
    planVersion: PLAN_VERSION,
    node: process.version,
    os: process.platform,
    arch: process.arch,
    built: statSync(path).mtime.toISOString(),
  };
}
