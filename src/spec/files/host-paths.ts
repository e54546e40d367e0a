/**
 * Looks up the paths on the host that a configuration names: sources of mounts, devices, a seccomp profile, a time
 * zone. Reads only what is named; without such options it reads nothing. The only part of spec/ that reads the file
 * system.
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
import { isOverlaid } from './mounts.js';
import { NAMESPACE_KINDS, pathOf } from '../namespaces.js';
import { quote } from '../checks/quote.js';
import type { DeviceNumbers } from '../limits/resources.js';
import { MAX_PROFILE_BYTES, parseSeccompProfile } from '../confinement/seccomp-profile.js';
import type { SeccompProfile } from '../confinement/seccomp-profile.js';

/** Results of looking up a configuration's paths on the host. */
export interface HostPaths {
  /** Devices that the user named; a directory stands for all nodes in it. */
  readonly devices: readonly GrantedDevice[];
  /** All devices of the host, with `privileged`. */
  readonly privilegedDevices: readonly OciDevice[];
  readonly numbersOf: DeviceNumbers;
  readonly seccompProfile?: SeccompProfile;
  /** With the time zone `local`: the target of the link /etc/localtime. */
  readonly localtime?: string;
}

/** Results for a configuration that names no paths. */
export const NO_HOST_PATHS: HostPaths = {
  devices: [],
  privilegedDevices: [],
  numbersOf: (path) => {
    throw new TypeError(`the device ${path} was not looked up`);
  },
};

/** Looks up all paths. Throws INVALID_ARGUMENT, which names a path that does not exist or is of the wrong kind. */
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

/** Devices that are not shared: the host's console and the master of its ptys, of which a container has its own. */
const NOT_SHARED = new Set(['/dev/console', '/dev/ptmx']);

function hostDevices(): readonly OciDevice[] {
  return listDeviceNodes('/dev')
    .filter((node) => !NOT_SHARED.has(node.path))
    .map((node) => ociDevice(node, node.path));
}

function checkSources(config: ContainerConfig): void {
  for (const mount of config.mounts) {
    if (mount.source === undefined || mount.type !== 'bind') continue;
    const stats = statHost('mount source', mount.source);
    if (isOverlaid(mount) && !stats.isDirectory())
      throw invalid(`mount source ${quote(mount.source)}: option O needs a directory`);
  }
  if (config.root.kind === 'directory' && !statHost('rootfs', config.root.path).isDirectory()) {
    throw invalid(`rootfs ${quote(config.root.path)}: not a directory`);
  }
  if (config.timezone !== undefined && config.timezone !== 'local') {
    statHost(`timezone ${config.timezone}:`, `/usr/share/zoneinfo/${config.timezone}`);
  }
}

/** Returns the target of the link /etc/localtime; a dangling link is reported by the mount. */
function localZone(): string {
  try {
    return realpathSync(LOCALTIME);
  } catch {
    return LOCALTIME;
  }
}

/** Podman's names of the kinds of namespaces. */
const NAMESPACE_NAMES: Readonly<Record<keyof NamespaceConfig, string>> = {
  network: 'network',
  pid: 'PID',
  ipc: 'IPC',
  uts: 'UTS',
  cgroup: 'cgroup',
  user: 'user',
  time: 'time',
};

/** Throws INVALID_ARGUMENT if the file of a namespace that is joined by its path does not exist. */
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

/** Returns the text of an error; the TypeError for a path with a NUL has no errno. */
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

/** Returns all nodes in a directory, under the same names below the target. */
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

/** Returns the numbers of a block device. Throws INVALID_ARGUMENT for anything else. */
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
