/** The cgroup hierarchies of this machine, and their places (cgroups(7), cgroup_namespaces(7)). */
import { isWithin } from '../util/paths.js';
import type { HostMount } from './mountinfo.js';

/** A mounted hierarchy. */
export interface CgroupHierarchy {
  readonly version: 1 | 2;
  /**
   * v1: the controllers of the hierarchy (cpu, cpuacct, ...; `name=systemd` for a named one without controllers). v2:
   * those that its root offers (cgroup.controllers).
   */
  readonly controllers: readonly string[];
  readonly mountPoint: string;
  /** This process's cgroup in it, relative to the mount point ("/" is the mount point itself). */
  readonly ownPath: string;
  /** The directory of the hierarchy that is mounted ("/" unless only a part is). */
  readonly mountRoot: string;
  /** Whether the hierarchy is mounted read-only, so that nothing can be made in it. */
  readonly readOnly: boolean;
}

/**
 * `v2`: one unified hierarchy with all controllers; `v1`: hierarchies of their own for controllers; `hybrid`: v1 and a
 * v2 hierarchy; `none`.
 */
export type CgroupMode = 'v2' | 'v1' | 'hybrid' | 'none';

export interface CgroupLayout {
  readonly mode: CgroupMode;
  readonly hierarchies: readonly CgroupHierarchy[];
}

/** Reads a file of the v2 root; '' if it cannot be read. */
export type ReadText = (path: string) => string;

/** Options of v1 file systems that are no controllers, which are listed among them. */
const V1_OPTIONS_THAT_ARE_NO_CONTROLLERS = new Set([
  'rw',
  'ro',
  'xattr',
  'noprefix',
  'clone_children',
  'cpuset_v2_mode',
  'favordynmods',
]);

/** Returns the layout, from mountinfo and /proc/self/cgroup; `readText` reads cgroup.controllers of a v2 hierarchy. */
export function cgroupLayout(mounts: readonly HostMount[], selfCgroup: string, readText: ReadText): CgroupLayout {
  const own = parseSelfCgroup(selfCgroup);
  const hierarchies = new Map<string, CgroupHierarchy>();
  for (const mount of mounts) {
    const controllers = controllersOf(mount, readText);
    if (controllers === undefined) continue;
    const key = mount.type === 'cgroup2' ? '' : controllers.toSorted().join(',');
    const known = hierarchies.get(key);
    // A hierarchy can be mounted in several places: the usual one is preferred, where others look for it.
    if (known !== undefined && (isUsual(known.mountPoint) || !isUsual(mount.target))) continue;
    hierarchies.set(key, hierarchyOf(mount, controllers, own));
  }
  const found = [...hierarchies.values()];
  return { mode: modeOf(found), hierarchies: found };
}

function isUsual(mountPoint: string): boolean {
  return isWithin(mountPoint, '/sys/fs/cgroup');
}

function controllersOf(mount: HostMount, readText: ReadText): readonly string[] | undefined {
  if (mount.type === 'cgroup2') return readText(`${mount.target}/cgroup.controllers`).split(/\s+/).filter(Boolean);
  if (mount.type !== 'cgroup') return undefined;
  return mount.superOptions.filter(
    (option) => !V1_OPTIONS_THAT_ARE_NO_CONTROLLERS.has(option) && !option.startsWith('release_agent='),
  );
}

function hierarchyOf(mount: HostMount, controllers: readonly string[], own: OwnCgroups): CgroupHierarchy {
  const version = mount.type === 'cgroup2' ? 2 : 1;
  const path = version === 2 ? own.unified : ownV1Path(controllers, own);
  return {
    version,
    controllers,
    mountPoint: mount.target,
    ownPath: relativeTo(path, mount.root),
    mountRoot: mount.root,
    readOnly: mount.options.includes('ro') || mount.superOptions.includes('ro'),
  };
}

interface OwnCgroups {
  readonly unified: string;
  readonly byController: ReadonlyMap<string, string>;
}

function parseSelfCgroup(text: string): OwnCgroups {
  const byController = new Map<string, string>();
  let unified = '/';
  for (const line of text.split('\n')) {
    const match = /^\d+:([^:]*):(.*)$/.exec(line);
    if (match === null) continue;
    const [, names = '', path = '/'] = match;
    if (names === '') unified = path;
    else for (const name of names.split(',')) byController.set(name, path);
  }
  return { unified, byController };
}

function ownV1Path(controllers: readonly string[], own: OwnCgroups): string {
  for (const controller of controllers) {
    const path = own.byController.get(controller);
    if (path !== undefined) return path;
  }
  return '/';
}

/**
 * Returns the path of a cgroup relative to the mount point. A process outside of the mounted part ("/.." in a cgroup
 * namespace) counts as being at the top.
 */
function relativeTo(path: string, mountRoot: string): string {
  if (mountRoot === '/') return path.startsWith('/..') ? '/' : path;
  if (!isWithin(path, mountRoot)) return '/';
  return path.slice(mountRoot.length) || '/';
}

function modeOf(hierarchies: readonly CgroupHierarchy[]): CgroupMode {
  const hasV2 = hierarchies.some((hierarchy) => hierarchy.version === 2);
  const hasV1 = hierarchies.some(
    (hierarchy) => hierarchy.version === 1 && hierarchy.controllers.some((name) => !name.startsWith('name=')),
  );
  if (hasV1) return hasV2 ? 'hybrid' : 'v1';
  return hasV2 ? 'v2' : 'none';
}

/** Returns the hierarchy that has a controller: on a hybrid host v1 has most, and the unified hierarchy the others. */
export function hierarchyWith(layout: CgroupLayout, controller: string): CgroupHierarchy | undefined {
  return layout.hierarchies.find((hierarchy) => hierarchy.controllers.includes(controller));
}
