/**
 * AppArmor profiles: those that the kernel has, and tspod's own, which is loaded when it is first needed after a boot.
 * It is used if the machine has the compiler for profiles and this process may load and use them; otherwise containers
 * are unconfined unless a profile is named.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';

import { TspodError } from '../errors.js';
import { DEFAULT_APPARMOR_PROFILE, DEFAULT_PROFILE_TEXT } from './apparmor-profile.js';
import type { HostFacts } from './facts.js';
import { readIfReadable } from './process-files.js';

type Machine = Pick<HostFacts, 'apparmor' | 'effectiveCapabilities'>;

const PARSERS = ['/usr/sbin/apparmor_parser', '/sbin/apparmor_parser', '/usr/bin/apparmor_parser'];

/** Returns the names of loaded profiles; undefined if they cannot be read (no securityfs, or no rights). */
export function loadedProfiles(): ReadonlySet<string> | undefined {
  const text = readIfReadable('/sys/kernel/security/apparmor/profiles');
  if (text === undefined) return undefined;
  // Each line is a name, which may contain blanks, and the mode in parentheses.
  return new Set(text.split('\n').map((line) => line.slice(0, line.lastIndexOf(' ('))));
}

let isLoaded = false;

/** Returns the name of tspod's own profile, if the kernel has it and this process may confine others by it. */
export function defaultProfile({ apparmor }: Machine): string | undefined {
  if (!apparmor) return undefined;
  isLoaded ||= isUnconfined() && loadedProfiles()?.has(DEFAULT_APPARMOR_PROFILE) === true;
  return isLoaded ? DEFAULT_APPARMOR_PROFILE : undefined;
}

let loading: Promise<void> | undefined;

/**
 * Loads tspod's profile into the kernel, if that is possible and needed. Throws LAUNCH_FAILED if the compiler fails.
 */
export function loadDefaultProfile(machine: Machine): Promise<void> {
  if (!canLoad(machine)) return Promise.resolve();
  loading ??= compileAndLoad().finally(() => (loading = undefined));
  return loading;
}

function canLoad(machine: Machine): boolean {
  if (!machine.apparmor || defaultProfile(machine) !== undefined) return false;
  return machine.effectiveCapabilities.has('CAP_MAC_ADMIN') && isUnconfined() && loadedProfiles() !== undefined;
}

/** Whether this process is unconfined: one that is confined itself may not choose the confinement of others. */
function isUnconfined(): boolean {
  const own = readIfReadable('/proc/self/attr/apparmor/current') ?? readIfReadable('/proc/self/attr/current') ?? '';
  return own.startsWith('unconfined');
}

/** Compiles and loads the profile. Happens once per boot, because the compiler takes a tenth of a second. */
async function compileAndLoad(): Promise<void> {
  const parser = PARSERS.find((path) => existsSync(path));
  if (parser === undefined) return;
  await new Promise<void>((resolve, reject) => {
    const child = execFile(parser, ['--replace', '--skip-cache'], (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(loadError(parser, stderr.trim() || error.message));
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(DEFAULT_PROFILE_TEXT);
  });
}

function loadError(parser: string, why: string): TspodError {
  const message =
    `cannot load the AppArmor profile ${DEFAULT_APPARMOR_PROFILE} with ${parser}: ${why}; ` +
    'name another, or "unconfined", with --security-opt apparmor=PROFILE';
  return new TspodError('LAUNCH_FAILED', message, { details: { profile: DEFAULT_APPARMOR_PROFILE } });
}
