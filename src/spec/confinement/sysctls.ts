/**
 * Kernel parameters that belong to a namespace, and so to a container (namespaces(7), and the kernel's documentation of
 * sysctls).
 */
import { invalid } from '../../errors.js';
import type { NamespaceConfig } from '../config.js';
import { quote } from '../checks/quote.js';

/** Parameters of the IPC namespace: exact names, or a prefix that ends in a dot. */
const IPC_KEYS = [
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
];
const MQUEUE_PREFIX = 'fs.mqueue.';
const NET_PREFIX = 'net.';
const UTS_KEYS = ['kernel.domainname'];

/**
 * Pattern of a name, with dots, or with slashes for names that contain dots (net/ipv4/conf/eth0.1/forwarding), as in
 * sysctl(8).
 */
const KEY = /^[a-zA-Z0-9_-]+(?:[./][a-zA-Z0-9_.:@-]+)+$/;

/**
 * Returns the parameters, normalized. Throws INVALID_ARGUMENT unless each belongs to a namespace that the container has
 * of its own. Everything else would change the host: a name with `..`, a name or value that smuggles in a second
 * parameter (CVE-2022-0811), or a parameter of a shared namespace.
 */
export function checkSysctls(
  sysctls: Readonly<Record<string, string>>,
  modes: Pick<NamespaceConfig, 'ipc' | 'network' | 'uts'>,
): Readonly<Record<string, string>> {
  const checked: Record<string, string> = {};
  for (const [given, value] of Object.entries(sysctls)) {
    const key = normalizeKey(given);
    checkValue(given, value);
    checkNamespace(given, key, modes);
    if (Object.hasOwn(checked, key)) throw invalid(`sysctl ${quote(given)} is given twice`);
    checked[key] = value;
  }
  return checked;
}

/**
 * Returns the name with dots, or with slashes if the first separator is a slash and a part contains dots, which
 * sysctl(8) then takes as part of the name.
 */
function normalizeKey(given: string): string {
  const slashed = /^[^./]*\//.test(given);
  if (!KEY.test(given) || given.length > 255) throw invalid(`invalid sysctl name ${quote(given)}`);
  const parts = slashed ? given.split('/') : given.split(/[./]/);
  if (parts.some((part) => part === '' || part === '.' || part === '..'))
    throw invalid(`invalid sysctl name ${quote(given)}`);
  return slashed && parts.some((part) => part.includes('.')) ? parts.join('/') : parts.join('.');
}

function checkValue(key: string, value: string): void {
  const bad = [...value].some((character) => character < ' ' && character !== '\t') || /[+=]/.test(value);
  if (bad || value.length > 1024) throw invalid(`invalid value ${quote(value)} of sysctl ${quote(key)}`);
}

function checkNamespace(given: string, key: string, modes: Pick<NamespaceConfig, 'ipc' | 'network' | 'uts'>): void {
  const dotted = key.replaceAll('/', '.');
  if (dotted.startsWith(NET_PREFIX)) return requireOwn(given, 'network', modes.network);
  if (IPC_KEYS.includes(dotted) || dotted.startsWith(MQUEUE_PREFIX)) return requireOwn(given, 'ipc', modes.ipc);
  if (UTS_KEYS.includes(dotted)) return requireOwn(given, 'uts', modes.uts);
  throw invalid(`sysctl ${quote(given)} does not belong to a namespace: it would change the host`);
}

function requireOwn(given: string, kind: string, mode: string): void {
  if (mode === 'host')
    throw invalid(`sysctl ${quote(given)} can't be set: the container uses the host's ${kind} namespace`);
}

/** Returns the path of a parameter below /proc/sys. */
export function sysctlPath(key: string): string {
  return key.includes('/') ? key : key.replaceAll('.', '/');
}

/**
 * Default parameters of a network namespace: ping without capabilities for group 0 of the container, as with Podman.
 */
export const DEFAULT_NET_SYSCTLS: Readonly<Record<string, string>> = { 'net.ipv4.ping_group_range': '0 0' };
