/**
 * What a configuration names on the host, looked up: sources of mounts, devices, a seccomp profile, a time zone. Reads only what
 * is named; with no such option it reads nothing. The one part of spec/ that looks at a file system.
 */
import { readFileSync, realpathSync, statSync } from 'node:fs';

import { invalid } from '../../errors.js';
import { listDeviceNodes, readDeviceNode } from '../../host/device-nodes.js';
import type { DeviceNode } from '../../host/device-nodes.js';
import type { OciDevice } from '../../oci/spec.js';
import { errnoText } from '../../util/errno.js';
import type { ContainerConfig, DeviceConfig, NamespaceConfig } from '../config.js';
import type { GrantedDevice } from './devices.js';
import { LOCALTIME } from './file-mounts.js';
import { NAMESPACE_KINDS, pathOf } from '../namespaces.js';
import { quote } from '../checks/quote.js';
import type { DeviceNumbers } from '../limits/resources.js';
import { MAX_PROFILE_BYTES, parseSeccompProfile } from '../confinement/seccomp-profile.js';
import type { SeccompProfile } from '../confinement/seccomp-profile.js';

/** What the host has for the paths in a configuration. */
export interface HostPaths {
  /** The user's devices; a directory stands for all nodes in it. */
  readonly devices: readonly GrantedDevice[];
  /** With `privileged`, all of the host's. */
  readonly privilegedDevices: readonly OciDevice[];
  readonly numbersOf: DeviceNumbers;
  readonly seccompProfile?: SeccompProfile;
  /** With the time zone `local`: where the link /etc/localtime leads. */
  readonly localtime?: string;
}

/** Nothing was named. */
export const NO_HOST_PATHS: HostPaths = {
  devices: [],
  privilegedDevices: [],
  numbersOf: (path) => {
    throw new TypeError(`the device ${path} was not looked up`);
  },
};

/** Looks everything up; INVALID_ARGUMENT names what does not exist or is of the wrong kind. */
export function resolveHostPaths(config: ContainerConfig): HostPaths {
  checkSources(config);
  const profile = config.security.seccomp;
  return {
    devices: config.devices.flatMap(grantDevice),
    privilegedDevices: config.privileged ? hostDevices() : [],
    numbersOf: blockDeviceNumbers,
    ...(profile === 'default' || profile === 'unconfined' ? {} : { seccompProfile: readProfile(profile) }),
    ...(config.timezone === 'local' ? { localtime: localZone() } : {}),
  };
}

/** The host's console and the master of its ptys: a container has its own. */
const NOT_SHARED = new Set(['/dev/console', '/dev/ptmx']);

function hostDevices(): readonly OciDevice[] {
  return listDeviceNodes('/dev')
    .filter((node) => !NOT_SHARED.has(node.path))
    .map((node) => ociDevice(node, node.path));
}

function checkSources(config: ContainerConfig): void {
  for (const mount of config.mounts) {
    if (mount.source !== undefined && mount.type === 'bind') statHost('mount source', mount.source);
  }
  if (config.root.kind === 'directory' && !statHost('rootfs', config.root.path).isDirectory()) {
    throw invalid(`rootfs ${quote(config.root.path)}: not a directory`);
  }
  if (config.timezone !== undefined && config.timezone !== 'local') {
    statHost(`timezone ${config.timezone}:`, `/usr/share/zoneinfo/${config.timezone}`);
  }
}

/** One whose link leads nowhere is told by the mount. */
function localZone(): string {
  try {
    return realpathSync(LOCALTIME);
  } catch {
    return LOCALTIME;
  }
}

/** As Podman calls the kinds. */
const NAMESPACE_NAMES: Readonly<Record<keyof NamespaceConfig, string>> = {
  network: 'network',
  pid: 'PID',
  ipc: 'IPC',
  uts: 'UTS',
  cgroup: 'cgroup',
  user: 'user',
  time: 'time',
};

/** INVALID_ARGUMENT for a namespace's file that is not there. */
export function checkNamespaceFiles({ namespaces }: Pick<ContainerConfig, 'namespaces'>): void {
  for (const { key } of NAMESPACE_KINDS) {
    const path = pathOf(namespaces[key]);
    if (path === undefined) continue;
    try {
      statSync(path);
    } catch (error) {
      throw invalid(
        `cannot find specified ${NAMESPACE_NAMES[key]} namespace path: stat ${path}: ${systemErrorText(error)}`,
      );
    }
  }
}

function statHost(what: string, path: string) {
  try {
    return statSync(path);
  } catch (error) {
    throw invalid(`${what} ${quote(path)}: ${systemErrorText(error)}`);
  }
}

/** A TypeError for a path with a NUL has no errno. */
function systemErrorText(error: unknown): string {
  const { errno } = error as NodeJS.ErrnoException;
  return errno === undefined ? (error as Error).message : errnoText(errno);
}

function grantDevice(config: DeviceConfig): readonly GrantedDevice[] {
  if (statHost('device', config.source).isDirectory()) return grantDirectory(config);
  const node = readDeviceNode(config.source);
  if (node === undefined) throw invalid(`device ${quote(config.source)}: not a device node`);
  return [{ device: ociDevice(node, config.target), source: node.path, access: config.access }];
}

/** All nodes in a directory, under the same names below the target. */
function grantDirectory(config: DeviceConfig): readonly GrantedDevice[] {
  const nodes = listDeviceNodes(config.source);
  if (nodes.length === 0) throw invalid(`device ${quote(config.source)}: no device nodes in the directory`);
  return nodes.map((node) => ({
    device: ociDevice(node, config.target + node.path.slice(config.source.length)),
    source: node.path,
    access: config.access,
  }));
}

function ociDevice(node: DeviceNode, path: string): OciDevice {
  const { type, major, minor, mode, uid, gid } = node;
  return { path, type, major, minor, fileMode: mode, uid, gid };
}

/** Throws INVALID_ARGUMENT. */
export function blockDeviceNumbers(path: string): { readonly major: number; readonly minor: number } {
  statHost('device', path);
  const node = readDeviceNode(path);
  if (node?.type !== 'b') throw invalid(`device ${quote(path)}: not a block device`);
  return { major: node.major, minor: node.minor };
}

function readProfile(path: string): SeccompProfile {
  const stats = statHost('seccomp profile', path);
  if (!stats.isFile()) throw invalid(`seccomp profile ${quote(path)}: not a regular file`);
  if (stats.size > MAX_PROFILE_BYTES)
    throw invalid(`seccomp profile ${quote(path)}: larger than ${MAX_PROFILE_BYTES} bytes`);
  return parseSeccompProfile(readFileSync(path, 'utf8'), path);
}
