/** `engine.version()`: versions of tspod and what it runs on. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { packageRoot } from '../native/package-root.js';
import { PLAN_VERSION } from '../plan/ops.js';
import type { EngineVersion } from './types.js';

export function engineVersion(): EngineVersion {
  return {
    version: packageVersion(),
    planVersion: PLAN_VERSION,
    node: process.version,
    os: process.platform,
    arch: process.arch,
  };
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  return version;
}
