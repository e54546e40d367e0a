/** Checks of the options about the container's cgroup. */
import { invalid, TspodError } from '../../errors.js';
import type { HostFacts } from '../../host/facts.js';
import { baseName, cleanPath } from '../../util/paths.js';
import { DEFAULT_CGROUP_PARENT, DEFAULT_SLICE } from './cgroup-path.js';
import type { ContainerConfig } from '../config.js';
import type { CreateOptions } from '../create-options.js';
import { checkAbsolutePath } from '../checks/names.js';
import { quote } from '../checks/quote.js';
import { checkAvailable, normalizeResources } from './resources.js';

/**
 * Cgroup managers, which make containers' cgroups: tspod itself, or systemd, which is asked for a scope for each
 * container.
 */
export const CGROUP_MANAGERS = ['cgroupfs', 'systemd'] as const;
export type CgroupManager = (typeof CGROUP_MANAGERS)[number];

const MODES = ['enabled', 'disabled', 'no-conmon', 'split'] as const;
export type CgroupsMode = (typeof MODES)[number];

type CgroupConfig = Pick<ContainerConfig, 'resources' | 'cgroupParent' | 'cgroupManager' | 'cgroups'>;
type Machine = Pick<HostFacts, 'systemd' | 'cgroup' | 'cpuSets'>;

/**
 * Returns limits, manager, parent and mode. Requested limits need a cgroup. `wanted`: the engine's cgroup manager, if
 * one was chosen.
 */
export function normalizeCgroups(
  options: CreateOptions,
  machine: Machine,
  wanted: CgroupManager | undefined,
): CgroupConfig {
  const cgroups = checkMode(options);
  const resources = normalizeResources(options.resources ?? {});
  checkAvailable(resources, machine.cpuSets);
  // Neither involves systemd: one has no group, the other has a group below its caller's.
  if (cgroups === 'disabled') return { resources, cgroups, cgroupManager: 'cgroupfs', cgroupParent: '' };
  if (cgroups === 'split') {
    checkSplit(machine);
    return { resources, cgroups, cgroupManager: 'cgroupfs', cgroupParent: '' };
  }
  const cgroupManager = wanted ?? defaultCgroupManager(machine);
  if (cgroupManager === 'systemd') requireSystemd(machine);
  if (cgroupManager === 'systemd' && cgroups === 'no-conmon') checkNoConmon(options);
  const cgroupParent = cgroupManager === 'systemd' ? checkSlice(options) : checkParent(options);
  return { resources, cgroups, cgroupManager, cgroupParent };
}

function checkMode(options: CreateOptions): CgroupsMode {
  const cgroups = options.cgroups ?? 'enabled';
  if (!MODES.includes(cgroups)) throw invalid(`cgroups must be one of ${MODES.join(', ')}, not ${quote(cgroups)}`);
  if (cgroups === 'disabled' && Object.keys(options.resources ?? {}).length > 0) {
    throw invalid('resource limits need a cgroup: they cannot be given with cgroups disabled');
  }
  if ((cgroups === 'disabled' || cgroups === 'split') && options.cgroupParent !== undefined)
    throw invalid(`cgroupParent cannot be given with cgroups ${cgroups}`);
  return cgroups;
}

/**
 * Returns systemd if it runs the machine and all controllers are in cgroup version 2, as Podman does; otherwise tspod
 * itself.
 */
export function defaultCgroupManager({ systemd, cgroup }: Pick<HostFacts, 'systemd' | 'cgroup'>): CgroupManager {
  return systemd && cgroup.mode === 'v2' ? 'systemd' : 'cgroupfs';
}

const USE_CGROUPFS = 'use cgroup manager cgroupfs';

function requireSystemd({ systemd, cgroup }: Machine): void {
  if (!systemd) {
    const message = `cannot use cgroup manager systemd: systemd does not run this machine; ${USE_CGROUPFS}`;
    throw new TspodError('UNSUPPORTED_HOST', message, { details: { cgroupManager: 'systemd' } });
  }
  if (cgroup.mode !== 'v2') {
    const message =
      `cannot use cgroup manager systemd: it needs cgroup v2 alone, and this machine has ${cgroup.mode}; ` +
      `${USE_CGROUPFS}, or boot with systemd.unified_cgroup_hierarchy=1`;
    throw new TspodError('UNSUPPORTED_HOST', message, { details: { cgroupManager: 'systemd', mode: cgroup.mode } });
  }
}

/**
 * Refuses no-conmon with a restart policy under systemd: the monitor leaves the scope when the container runs, and
 * systemd removes an empty scope, as it is between two runs.
 */
function checkNoConmon({ restart }: CreateOptions): void {
  if (restart === undefined || restart.policy === 'no') return;
  throw invalid(
    'cgroups no-conmon cannot be given with a restart policy and cgroup manager systemd: ' +
      'the scope would end with the container; use cgroups enabled, or cgroup manager cgroupfs',
  );
}

function checkSplit({ cgroup }: Machine): void {
  if (cgroup.mode === 'v2') return;
  const message = `cannot split a cgroup: that needs cgroup v2 alone, and this machine has ${cgroup.mode}`;
  throw new TspodError('UNSUPPORTED_HOST', message, { details: { mode: cgroup.mode } });
}

function checkParent({ cgroupParent: given = DEFAULT_CGROUP_PARENT }: CreateOptions): string {
  if (given.endsWith('.slice')) {
    throw invalid('systemd slice received as cgroup parent when using cgroupfs: invalid argument', {
      cgroupParent: given,
    });
  }
  const parent = cleanPath(checkAbsolutePath('cgroupParent', given));
  if (given.split('/').includes('..')) throw invalid(`cgroupParent must not hold "..": ${quote(given)}`);
  return parent;
}

/** Names of systemd slices, with dashes that separate the slices on the way from the top. */
const SLICE = /^(?:-|[A-Za-z0-9:_.\\]+(?:-[A-Za-z0-9:_.\\]+)*)\.slice$/;

/** Returns the name of a slice. A path before it is ignored: the name says where a slice lies. */
function checkSlice({ cgroupParent: given = DEFAULT_SLICE }: CreateOptions): string {
  const slice = baseName(given);
  if (!slice.endsWith('.slice') || slice === '.slice') {
    throw invalid(
      'did not receive systemd slice as cgroup parent when using systemd to manage cgroups: invalid argument',
      { cgroupParent: given },
    );
  }
  if (slice.length > 255 || !SLICE.test(slice)) throw invalid(`${quote(given)} is not the name of a systemd slice`);
  return slice;
}
