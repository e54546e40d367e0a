/** Device nodes of a container and the rules of its device cgroup. */
import { invalid } from '../../errors.js';
import type { OciDeviceRule } from '../../oci/resources.js';
import type { OciDevice } from '../../oci/spec.js';
import { cleanPath } from '../../util/paths.js';
import type { DeviceConfig } from '../config.js';
import type { DeviceOptions } from '../create-options.js';
import { checkAbsolutePath } from '../checks/names.js';
import { quote } from '../checks/quote.js';

/** Returns the devices with paths and access checked. That the nodes exist is checked when the container is made. */
export function normalizeDevices(devices: readonly DeviceOptions[]): readonly DeviceConfig[] {
  return devices.map((device) => {
    const source = cleanPath(checkAbsolutePath('device', device.source));
    const target = cleanPath(checkAbsolutePath('device target', device.target ?? source));
    return { source, target, access: checkAccess(device.access ?? 'rwm', device.source) };
  });
}

function checkAccess(access: string, device: string): string {
  if (/^[rwm]{1,3}$/.test(access) && new Set(access).size === access.length) return access;
  throw invalid(`access to device ${device} must be a combination of r, w and m, not ${quote(access)}`);
}

/**
 * Returns the text of a rule if it is TYPE MAJOR:MINOR ACCESS with type `a`, `b` or `c`, and numbers or `*`. Throws
 * INVALID_ARGUMENT otherwise.
 */
export function checkDeviceRule(text: string): string {
  parseDeviceRule(text);
  return text;
}

/** Parses a rule like `c 1:3 rwm`, which allows access in addition to the defaults. */
function parseDeviceRule(text: string): OciDeviceRule {
  const match = /^([abc])\s+(\d{1,10}|\*):(\d{1,10}|\*)\s+([rwm]{1,3})$/.exec(text.trim());
  const [, type = '', major = '', minor = '', access = ''] = match ?? [];
  const numbers = [major, minor].map((part) => (part === '*' ? undefined : Number(part)));
  if (match === null || numbers.some((number) => number !== undefined && number > 0xfffff)) {
    throw invalid(`device cgroup rule must be like "c 1:3 rwm", not ${quote(text)}`);
  }
  return rule(type, numbers[0], numbers[1], access);
}

function rule(type: string, major: number | undefined, minor: number | undefined, access: string): OciDeviceRule {
  return {
    allow: true,
    type,
    ...(major === undefined ? {} : { major }),
    ...(minor === undefined ? {} : { minor }),
    access,
  };
}

/** Nodes that every container has (runtime-spec, "Default Devices"). */
export const DEFAULT_DEVICES: readonly OciDevice[] = [
  { path: '/dev/null', type: 'c', major: 1, minor: 3, fileMode: 0o666, uid: 0, gid: 0 },
  { path: '/dev/zero', type: 'c', major: 1, minor: 5, fileMode: 0o666, uid: 0, gid: 0 },
  { path: '/dev/full', type: 'c', major: 1, minor: 7, fileMode: 0o666, uid: 0, gid: 0 },
  { path: '/dev/random', type: 'c', major: 1, minor: 8, fileMode: 0o666, uid: 0, gid: 0 },
  { path: '/dev/urandom', type: 'c', major: 1, minor: 9, fileMode: 0o666, uid: 0, gid: 0 },
  { path: '/dev/tty', type: 'c', major: 5, minor: 0, fileMode: 0o666, uid: 0, gid: 0 },
];

/**
 * Rules of every container: all other access is denied, so that a node that the container makes or finds is of no use.
 * Making any node is allowed, as with other engines: that takes CAP_MKNOD, which is no default capability, and init
 * itself makes nodes under these rules.
 */
const DEFAULT_RULES: readonly OciDeviceRule[] = [
  { allow: false, access: 'rwm' },
  rule('c', undefined, undefined, 'm'),
  rule('b', undefined, undefined, 'm'),
  ...DEFAULT_DEVICES.map((device) => rule('c', device.major, device.minor, 'rwm')),
  rule('c', 5, 2, 'rwm'), // /dev/ptmx
  rule('c', 136, undefined, 'rwm'), // the slaves of ptys
  // /dev/net/tun, as with runc and crun: without CAP_NET_ADMIN in the user namespace of the network, opening it makes
  // no interface.
  rule('c', 10, 200, 'rwm'),
];

/** A device of the host that the user named, with the access it gets. */
export interface GrantedDevice {
  readonly device: OciDevice;
  /** Path of the device on the host. */
  readonly source: string;
  readonly access: string;
}

export interface DeviceRuleRequest {
  readonly privileged: boolean;
  readonly granted: readonly GrantedDevice[];
  /** Rules as the user gave them. */
  readonly rules: readonly string[];
}

/** Returns the rules in the order in which they apply: a later one overrides an earlier one. */
export function deviceRules(request: DeviceRuleRequest): readonly OciDeviceRule[] {
  if (request.privileged) return [{ allow: true, access: 'rwm' }];
  return [
    ...DEFAULT_RULES,
    ...request.granted.map(({ device, access }) => rule(device.type, device.major, device.minor, access)),
    ...request.rules.map(parseDeviceRule),
  ];
}
