/**
 * The layer that hides parts of the host from a `host:` container: what it consists of. It lies between the host's root and the container's own
 * layer, so it costs no mount: overlayfs sees an emptied directory as opaque, a path that is gone as a whiteout, and a shown directory below
 * a hidden one as a redirect to where it is (kernel documentation, filesystems/overlayfs).
 */
import { createHash } from 'node:crypto';

import { TspodError } from '../errors.js';
import { isWithin, parentOf, parentsOf } from '../util/paths.js';
import { hideRules, visibilityOf } from './hide-rules.js';
import type { HideRequest, HideRules, Visibility } from './hide-rules.js';
import { HostTree, isUnchanged } from './host-tree.js';
import type { Attributes, SeenDirectory } from './host-tree.js';
import type { HostMount } from './mountinfo.js';

/** One inode of the layer; parents come before what is in them. */
export type HideEntry =
  | ({
      readonly kind: 'directory';
      readonly path: string;
      /** Nothing of the host's directory shines through. */
      readonly opaque: boolean;
      /** The host's directory of this path shines through although one above does not. */
      readonly redirect: boolean;
    } & Attributes)
  | { readonly kind: 'absent'; readonly path: string }
  /** The mount point of a file that is bound. */
  | { readonly kind: 'placeholder'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

/**
 * What is mounted on the overlay, for it shows one file system: `host` is the host's file or directory of this path, read-only; on what is
 * shown of another file system an empty `directory` or `file` hides what has a rule of its own.
 */
export type HostCover =
  | {
      readonly kind: 'host';
      readonly path: string;
      /** A mount of the host's that nobody named: an empty directory once it is gone. @default false */
      readonly passing?: boolean;
    }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number };

export interface HideList {
  readonly entries: readonly HideEntry[];
  /** Single files, and what lies on other file systems, where no overlay reaches. Those come first that others lie in. */
  readonly covers: readonly HostCover[];
  /** The overlay needs the option to follow redirects (RootSource.redirects). */
  readonly redirects: boolean;
  /** What is hidden, for people: emptied directories and absent paths. */
  readonly hidden: readonly string[];
  /** Name of the layer: the same for the same entries. */
  readonly digest: string;
  /** The host's directories that were read for it. */
  readonly seen: readonly SeenDirectory[];
}

/** Reads the host's directories (some milliseconds) and decides. Throws INVALID_ARGUMENT for a path of the user's that does not exist. */
export function readHideList(
  request: HideRequest,
  mounts: readonly HostMount[],
  tree: HostTree = new HostTree(),
): HideList {
  const rules = hideRules(request, tree);
  const { points, passing } = addMounts(rules, { mounts, tree, all: request.all });
  const layer = buildLayer(rules, points, tree);
  return {
    ...layer,
    covers: layer.covers.map((cover) => (passing.has(cover.path) ? { ...cover, passing: true } : cover)),
    redirects: layer.entries.some((entry) => entry.kind === 'directory' && entry.redirect),
    digest: digestOf(layer.entries),
    seen: tree.seen,
  };
}

function digestOf(entries: HideList['entries']): string {
  return createHash('sha256').update(JSON.stringify(entries)).digest('hex').slice(0, 32);
}

/** The list with other owners of the directories: another layer. */
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

/** Mount points of file systems that hold a part of the system: they are bound; others show nothing. */
const SYSTEM_MOUNTS = ['/usr', '/opt', '/nix', '/gnu', '/var/local', '/var/opt'];

/** Never bound as a whole: read-only, it has no place for files of the container. What the host has in it is of the running host alone. */
const RUN_DIRECTORY = '/run';

/** Covered by the container's own mounts. */
const KERNEL_DIRECTORIES = ['/proc', '/sys', '/dev'];

/** File systems that hold nothing of their own: views of others, of the kernel, or of the network. */
const NOT_BOUND = new Set(['autofs', 'binfmt_misc', 'cgroup', 'cgroup2', 'fusectl', 'nsfs', 'overlay', 'rpc_pipefs']);

/** Of the file systems that hold such layers, also those of other engines, which come and go with them. */
export const HIDE_LAYERS_SOURCE = 'tspod-hide';

interface MountRequest {
  readonly mounts: readonly HostMount[];
  readonly tree: HostTree;
  readonly all: boolean;
}

interface OtherMounts {
  /** All mount points but the root. */
  readonly points: readonly string[];
  /** Those that are bound since all are: the host can do without them. */
  readonly passing: ReadonlySet<string>;
}

/**
 * An overlay shows what lies below the host's other mounts, not what is mounted there: their mount points are emptied, and those of the
 * system (with host:all, all but /run) are bound. UNSUPPORTED_HOST where /etc is one of them, INVALID_ARGUMENT where /run is one and is to be
 * shown.
 */
function addMounts(rules: HideRules, { mounts, tree, all }: MountRequest): OtherMounts {
  // Parents come first: what a mount point lies in decides about it.
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
      `show: ${RUN_DIRECTORY} is a file system of its own: show what lies in it`,
    );
  const passing = new Set<string>();
  for (const [point, { type, source }] of points) {
    // Only what is to be shown is looked at: it may be of a network, and not answer.
    if (rules.has(point) || visibilityOf(rules, point) !== 'show' || !tree.isDirectory(point)) continue;
    const holdsSystem = SYSTEM_MOUNTS.some((directory) => isWithin(point, directory));
    const bound =
      source !== HIDE_LAYERS_SOURCE && (holdsSystem || (all && point !== RUN_DIRECTORY && !NOT_BOUND.has(type)));
    rules.set(point, bound ? 'show' : 'empty');
    if (bound && !holdsSystem) passing.add(point);
  }
  return { points: [...points.keys()], passing };
}

type Layer = Pick<HideList, 'entries' | 'covers' | 'hidden'>;

function buildLayer(rules: HideRules, others: readonly string[], tree: HostTree): Layer {
  const entries = new Map<string, HideEntry>();
  const covers: HostCover[] = [];
  const hidden: string[] = [];
  const onOther = (path: string): boolean => others.some((point) => isWithin(path, point));
  // Parents come first: their visibility is what a rule is held against.
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
      // In an emptied directory: there, and empty.
      addParents(entries, path, tree);
      addDirectory(entries, path, { tree, opaque: false, redirect: false });
    }
  }
  if (rules.get('/var') === 'empty') addLinks(entries, '/var', tree);
  const sorted = [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  return { entries: sorted, covers, hidden };
}

/** Links of an emptied directory that others lead through: /var/run and /var/lock. */
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

/** The layer lies below what is bound. */
function coverOf(path: string, tree: HostTree): readonly HostCover[] {
  if (!tree.exists(path)) return [];
  if (!tree.isDirectory(path)) return [{ kind: 'file', path }];
  return [{ kind: 'directory', path, mode: tree.attributes(path)?.mode ?? 0o755 }];
}

interface Showing {
  readonly path: string;
  /** Of the directory that it lies in. */
  readonly above: Visibility;
  /** It is on a file system other than the root's. */
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

/** The directories above a path, so that there is a place for it: they change nothing of what is seen. */
function addParents(entries: Map<string, HideEntry>, path: string, tree: HostTree): void {
  for (const parent of parentsOf(path)) {
    // What was to be gone has to be there after all, for what is shown in it.
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
  // Where the layer has a directory its owner and mode are what is seen.
  const attributes = tree.attributes(path) ?? { mode: 0o755, uid: 0, gid: 0 };
  entries.set(path, { kind: 'directory', path, opaque, redirect, ...attributes });
}
