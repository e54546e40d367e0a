/** Checks the options of openEngine() and derives settings from them. */
import { TspodError } from '../errors.js';
import { EventLog, eventPaths } from '../events/event-log.js';
import { defaultDirectories, type Directories } from '../host/directories.js';
import type { NetworkPlace } from '../network/networks.js';
import { checkShape, type ShapeOf } from '../spec/checks/shape.js';
import { CGROUP_MANAGERS, type CgroupManager } from '../spec/limits/cgroup-options.js';
import { cleanPath } from '../util/paths.js';
import type { EngineOptions } from './types.js';

/** Checks the names and types of the options. Throws TypeError as checkShape() does. */
export function checkOptions(options: EngineOptions): void {
  checkShape('openEngine options', options, OPTIONS);
}

const OPTIONS: ShapeOf<EngineOptions> = {
  root: 'string',
  runRoot: 'string',
  eventsBackend: 'string',
  cgroupManager: 'string',
  hooksDirectories: 'strings',
  networkConfigDir: 'string',
  keepBridges: 'boolean',
};

/** Podman's directory of networks, which the machine's default store shares; other stores have their own. */
const MACHINES_NETWORKS = '/etc/containers/networks';

/** Returns where the configurations of networks are. Throws INVALID_ARGUMENT for a path that is not absolute. */
export function networkPlace({ networkConfigDir: given }: EngineOptions, { root }: Directories): NetworkPlace {
  if (given !== undefined && !given.startsWith('/'))
    throw new TspodError('INVALID_ARGUMENT', `networkConfigDir must be an absolute path, not ${JSON.stringify(given)}`);
  const uid = process.geteuid?.() ?? 0;
  const isDefault = uid === 0 && root === defaultDirectories(uid).root;
  const own = cleanPath(`${root}/networks`);
  const directory = given === undefined ? (isDefault ? MACHINES_NETWORKS : own) : cleanPath(given);
  return { directory, isHostDirectory: directory === MACHINES_NETWORKS, isInStore: directory === own };
}

/** Returns the directories of OCI hooks. Throws INVALID_ARGUMENT for a path that is not absolute. */
export function hooksDirectories({ hooksDirectories: given = [] }: EngineOptions): readonly string[] {
  const relative = given.find((directory) => !directory.startsWith('/'));
  if (relative === undefined) return [...given];
  throw new TspodError('INVALID_ARGUMENT', `hooksDirectories must be absolute paths, not ${JSON.stringify(relative)}`);
}

/** Opens the event log; undefined with backend `none`. Throws INVALID_ARGUMENT for an unknown backend. */
export function openEvents({ eventsBackend = 'file' }: EngineOptions, { runRoot }: Directories): EventLog | undefined {
  if (eventsBackend === 'none') return undefined;
  if (eventsBackend === 'file') return new EventLog(eventPaths(runRoot));
  throw new TspodError(
    'INVALID_ARGUMENT',
    `events backend must be one of file and none, not ${JSON.stringify(eventsBackend)}`,
  );
}

/**
 * Returns the cgroup manager that options or environment name; undefined if they name none. Throws INVALID_ARGUMENT for
 * an unknown one. Whether the machine supports it is checked when a container needs it.
 */
export function chosenManager(options: EngineOptions): CgroupManager | undefined {
  const given = options.cgroupManager ?? process.env['TSPOD_CGROUP_MANAGER'];
  if (given === undefined || given === '') return undefined;
  const known = CGROUP_MANAGERS.find((name) => name === given);
  if (known !== undefined) return known;
  const message = `cgroup manager must be one of ${CGROUP_MANAGERS.join(' and ')}, not ${JSON.stringify(given)}`;
  throw new TspodError('INVALID_ARGUMENT', message);
}
