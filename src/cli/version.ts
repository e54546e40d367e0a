/** The version of tspod, found without opening its store. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { PLAN_VERSION } from '../plan/ops.js';

export interface VersionFields {
  readonly [name: string]: string | number;
  readonly Version: string;
  readonly PlanVersion: number;
  readonly NodeVersion: string;
  readonly Os: string;
  readonly OsArch: string;
}

export function readVersion(): VersionFields {
  const os = process.platform;
  return {
    Version: packageVersion(),
    PlanVersion: PLAN_VERSION,
    NodeVersion: process.version,
    Os: os,
    OsArch: `${os}/${process.arch}`,
  };
}

/** Of the nearest package.json above this module that is tspod's. */
export function packageVersion(): string {
  for (let directory = dirname(fileURLToPath(import.meta.url)); ; directory = dirname(directory)) {
    const found = versionIn(join(directory, 'package.json'));
    if (found !== undefined) return found;
    if (directory === dirname(directory)) throw new Error('the package.json of tspod is missing');
  }
}

function versionIn(path: string): string | undefined {
  try {
    const { name, version } = JSON.parse(readFileSync(path, 'utf8')) as {
      readonly name?: unknown;
      readonly version?: unknown;
    };
    return name === 'tspod' && typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}
