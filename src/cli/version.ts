/** Returns the version of tspod without opening the store. */
import { engineVersion } from '../engine/version.js';
import { platformOf } from '../oci/platform.js';

export interface VersionFields {
  readonly [name: string]: string | number;
  readonly Version: string;
  readonly PlanVersion: number;
  readonly NodeVersion: string;
  readonly Os: string;
  readonly OsArch: string;
}

export function readVersion(): VersionFields {
  const { version, planVersion, node, arch } = engineVersion();
  const { os, architecture } = platformOf(arch);
  return {
    Version: version,
    PlanVersion: planVersion,
    NodeVersion: node,
    Os: os,
    OsArch: `${os}/${architecture}`,
  };
}
