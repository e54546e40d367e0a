/** The version of tspod, found without opening its store. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { platformOf } from '../oci/platform.js';
import { packageRoot } from '../native/package-root.js';
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
  const { os, architecture } = platformOf(process.arch);
  return {
    Version: packageVersion(),
    PlanVersion: PLAN_VERSION,
    NodeVersion: process.version,
    Os: os,
    OsArch: `${os}/${architecture}`,
  };
}

export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  return version;
}
