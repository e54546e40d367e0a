/**
 * Contents of the layer that hides parts of the host from a `host:` container. The layer lies between the host's root
 * and the container's own layer, so it costs no mount: to overlayfs an emptied directory is opaque, an absent path is a
 * whiteout, and a shown directory below a hidden one is a redirect to its place (kernel documentation,
 * filesystems/overlayfs).
 */
import { createHash } from 'node:crypto';

import { TspodError } from '../errors.js';
import { isWithin, parentOf, parentsOf } from '../util/paths.js';
import { hideRules, visibilityOf } from './hide-rules.js';
import type { HideRequest, HideRules, Visibility } from './hide-rules.js';
import { HostTree, isUnchanged } from './host-tree.js';
import type { Attributes, SeenDirectory } from './host-tree.js';
import type { HostMount } from './mountinfo.js';

/** An inode of the layer; parents come before their contents. */
export type HideEntry =
  | ({
      readonly kind: 'directory';
      readonly path: string;
      /** Whether nothing of the host's directory is visible. */
      readonly opaque: boolean;
      /** Whether the host's directory of this path is visible although one above it is not. */
      readonly redirect: boolean;
    } & Attributes)
  | { readonly kind: 'absent'; readonly path: string }
  /** Mount point of a file that is bound. */
  | { readonly kind: 'placeholder'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

/**
 * A mount on the overlay, which shows only one file system. `host` is the host's file or directory of this path,
 * read-only; an empty `directory` or `file` hides a path that has a rule of its own on a shown part of another file
 * system.
 */
export type HostCover =
  | {
      readonly kind: 'host';
      readonly path: string;
      /**
       * Whether this is a mount of the host that the user did not name: it becomes an empty directory once the mount is
       * gone.
       * @default false
       */
      readonly mayVanish?: boolean;
    }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number };

export interface HideList {
  readonly entries: readonly HideEntry[];
  /**
   * Mounts for single files, and for paths on other file systems, which the overlay does not reach. Each comes before
   * those that lie in it.
   */
  readonly covers: readonly HostCover[];
  /** Whether the overlay needs the option to follow redirects (RootSource.redirects). */
  readonly redirects: boolean;
  /** Hidden paths, for display: emptied directories and absent paths. */
  readonly hidden: readonly string[];
  /** Name of the layer, derived from its entries. */
  readonly digest: string;
  /** Directories of the host that were read to make the list. */
  readonly seen: readonly SeenDirectory[];
}

/**
 * Reads the host's directories (some milliseconds) and makes the list. Throws INVALID_ARGUMENT for a path of the user
 * that does not exist.
 */
export function readHideList(
  request: HideRequest,
  mounts: readonly HostMount[],
  tree: HostTree = new HostTree(),
): HideList {
  const rules = hideRules(request, tree);
  const { points, vanishing } = addMounts(rules, { mounts, tree, all: request.all });
  const layer = buildLayer(rules, points, tree);
  return {
    ...layer,
    covers: layer.covers.map((cover) => (vanishing.has(cover.path) ? { ...cover, mayVanish: true } : cover)),
    redirects: layer.entries.some((entry) => entry.kind === 'directory' && entry.redirect),
    digest: digestOf(layer.entries),
    seen: tree.seen,
  };
}

function digestOf(entries: HideList['entries']): string {
  return createHash('sha256').update(JSON.stringify(entries)).digest('hex').slice(0, 32);
}

/** Returns the list with other owners of the directories, which makes another layer. */
export function withOwners(list: HideList, ownerOf: (owner: Owner) => Owner): HideList {
  const entries = list.entries.map((entry) =>
    entry.kind === 'directory' ? { ...entry, ...ownerOf({ uid: entry.uid, gid: entry.gid }) } : entry,
  );
  return { ...list, entries, digest: digestOf(entries) };
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Whether no directory that the list was made from has changed. Takes well under a millisecond. */
export function isCurrent(list: HideList): boolean {
  return isUnchanged(list.seen);
}

/** Directories of the system: file systems that are mounted there are bound; others are shown empty. */
const SYSTEM_MOUNTS = ['/usr', '/opt', '/nix', '/gnu', '/var/local', '/var/opt'];

/**
 * Directory that is never bound as a whole: read-only, it would have no place for files of the container, and its
 * contents belong to the running host alone.
 */
const RUN_DIRECTORY = '/run';

/** Directories that the container's own mounts cover. */
const KERNEL_DIRECTORIES = ['/proc', '/sys', '/dev'];

/** File systems without data of their own: views of others, of the kernel, or of the network. */
const NOT_BOUND = new Set(['autofs', 'binfmt_misc', 'cgroup', 'cgroup2', 'fusectl', 'nsfs', 'overlay', 'rpc_pipefs']);

/**
 * Mount source of the file systems with such layers, also those of other engines, which come and go with the engines.
 */
export const HIDE_LAYERS_SOURCE = 'tspod-hide';

interface MountRequest {
  readonly mounts: readonly HostMount[];
  readonly tree: HostTree;
  readonly all: boolean;
}

interface OtherMounts {
  /** All mount points except the root. */
  readonly points: readonly string[];
  /** Mount points that are bound only because all are: the host can do without them. */
  readonly vanishing: ReadonlySet<string>;
}

/**
 * Adds rules for the host's other mounts. An overlay shows what lies below them, not what is mounted there: their mount
 * points are emptied, and those of the system (with host:all, all but /run) are bound. UNSUPPORTED_HOST if /etc is one
 * of them, INVALID_ARGUMENT if /run is one and is to be shown.
 */
function addMounts(rules: HideRules, { mounts, tree, all }: MountRequest): OtherMounts {
  // Parents come first: the rule of the directory that contains a mount point decides about it.
  const sorted = mounts.toSorted((a, b) => (a.target < b.target ? -1 : Number(a.target > b.target)));
  const points = new Map(sorted.map((mount) => [mount.target, mount]));
  points.delete('/');
  for (const point of points.keys())
    if (KERNEL_DIRECTORIES.some((directory) => isWithin(point, directory))) points.delete(point);
  if (points.has('/etc'))
    throw new TspodError('UNSUPPORTED_HOST', 'host: needs an /etc that is on the root file system: use --rootfs');
  if (points.has(RUN_DIRECTORY) && rules.get(RUN_DIRECTORY) === 'show')
    throw new TspodError(
      'INVALID_ARGUMENT',
      `show: ${RUN_DIRECTORY} is a separate file system: show paths in it instead`,
    );
  const vanishing = new Set<string>();
  for (const [point, { type, source }] of points) {
    // Only shown mount points are accessed: a network file system may not respond.
    if (rules.has(point) || visibilityOf(rules, point) !== 'show' || !tree.isDirectory(point)) continue;
    const holdsSystem = SYSTEM_MOUNTS.some((directory) => isWithin(point, directory));
    const bound =
      source !== HIDE_LAYERS_SOURCE && (holdsSystem || (all && point !== RUN_DIRECTORY && !NOT_BOUND.has(type)));
    rules.set(point, bound ? 'show' : 'empty');
    if (bound && !holdsSystem) vanishing.add(point);
  }
  return { points: [...points.keys()], vanishing };
}

type Layer = Pick<HideList, 'entries' | 'covers' | 'hidden'>;

function buildLayer(rules: HideRules, others: readonly string[], tree: HostTree): Layer {
  const entries = new Map<string, HideEntry>();
  const covers: HostCover[] = [];
  const hidden: string[] = [];
  const onOther = (path: string): boolean => others.some((point) => isWithin(path, point));
  // Parents come first: rules are compared with their visibility.
  for (const path of [...rules.keys()].sort()) {
    const visibility = rules.get(path) ?? 'show';
    const above = visibilityOf(rules, path.slice(0, path.lastIndexOf('/')));
    if (visibility === 'show') {
      show(entries, covers, { path, above, onOther: onOther(path), tree });
    } else if (above === 'show') {
      if (onOther(parentOf(path))) covers.push(...coverOf(path, tree));
      else hide(entries, { path, visibility, tree });
      hidden.push(path);
    } else if (visibility === 'empty') {
      // In an emptied directory this one exists, and is empty.
      addParents(entries, path, tree);
      addDirectory(entries, path, { tree, opaque: false, redirect: false });
    }
  }
  if (rules.get('/var') === 'empty') addLinks(entries, '/var', tree);
  const sorted = [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  return { entries: sorted, covers, hidden };
}

/** Adds the links of an emptied directory that programs use: /var/run and /var/lock. */
function addLinks(entries: Map<string, HideEntry>, directory: string, tree: HostTree): void {
  for (const path of tree.list(directory).map((name) => `${directory}/${name}`)) {
    const target = tree.linkTarget(path);
    if (target !== undefined) entries.set(path, { kind: 'link', path, target });
  }
}

interface Hiding {
  readonly path: string;
  readonly visibility: Visibility;
  readonly tree: HostTree;
}

function hide(entries: Map<string, HideEntry>, { path, visibility, tree }: Hiding): void {
  addParents(entries, path, tree);
  if (visibility === 'absent') entries.set(path, { kind: 'absent', path });
  else addDirectory(entries, path, { tree, opaque: true, redirect: false });
}

/** Returns the mount that hides a path on a bound file system, which lies above the layer. */
function coverOf(path: string, tree: HostTree): readonly HostCover[] {
  if (!tree.exists(path)) return [];
  if (!tree.isDirectory(path)) return [{ kind: 'file', path }];
  return [{ kind: 'directory', path, mode: tree.attributes(path)?.mode ?? 0o755 }];
}

interface Showing {
  readonly path: string;
  /** Visibility of the directory that contains the path. */
  readonly above: Visibility;
  /** Whether the path is on a file system other than the root's. */
  readonly onOther: boolean;
  readonly tree: HostTree;
}

function show(entries: Map<string, HideEntry>, covers: HostCover[], { path, above, onOther, tree }: Showing): void {
  const isDirectory = tree.isDirectory(path);
  if (above === 'show' && !onOther) return;
  addParents(entries, path, tree);
  if (onOther || !isDirectory) covers.push({ kind: 'host', path });
  if (!isDirectory) entries.set(path, { kind: 'placeholder', path });
  else addDirectory(entries, path, { tree, opaque: onOther && above === 'show', redirect: !onOther });
}

/** Adds the directories above a path, so that it has a place; they do not change what is visible. */
function addParents(entries: Map<string, HideEntry>, path: string, tree: HostTree): void {
  for (const parent of parentsOf(path)) {
    // A directory that is absent has to exist after all, for the path that is shown in it.
    const known = entries.get(parent);
    if (known === undefined) addDirectory(entries, parent, { tree, opaque: false, redirect: false });
    else if (known.kind === 'absent') addDirectory(entries, parent, { tree, opaque: true, redirect: false });
  }
}

interface DirectoryRequest {
  readonly tree: HostTree;
  readonly opaque: boolean;
  readonly redirect: boolean;
}

function addDirectory(
  entries: Map<string, HideEntry>,
  path: string,
  { tree, opaque, redirect }: DirectoryRequest,
): void {
  // The owner and mode of the layer's directory are those that the container sees.
  const attributes = tree.attributes(path) ?? { mode: 0o755, uid: 0, gid: 0 };
  entries.set(path, { kind: 'directory', path, opaque, redirect, ...attributes });
}
