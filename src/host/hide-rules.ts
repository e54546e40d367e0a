/** Rules: which paths of this machine are hidden from a `host:` container, and which below them are shown. */
import { invalid } from '../errors.js';
import { isWithin, parentOf, parentsOf } from '../util/paths.js';
import {
  EMPTY_DIRECTORIES,
  KEPT_EMPTY,
  SEARCHED_DIRECTORY,
  SECRET_DIRECTORIES,
  SECRET_FILES,
  SHOWN_BELOW_VAR,
  SHOWN_STATE,
  SKELETONS,
  SYSTEM_DIRECTORIES,
  VAR_DIRECTORIES,
} from './hidden-paths.js';
import type { HostTree } from './host-tree.js';

/** `empty`: a directory without its contents; `absent`: nothing at all; `show`: as on the host. */
export type Visibility = 'empty' | 'absent' | 'show';

/** Rules by path. A rule applies to everything below its path, up to the next rule. */
export type HideRules = Map<string, Visibility>;

export interface HideRequest {
  /** Whether only the paths in `hide` are hidden. */
  readonly all: boolean;
  readonly hide: readonly string[];
  readonly show: readonly string[];
  /** Directories of the engine, which are always hidden. */
  readonly own: readonly string[];
}

/** Returns the rules for this machine. Throws INVALID_ARGUMENT for a path of the user that does not exist. */
export function hideRules(request: HideRequest, tree: HostTree): HideRules {
  const rules: HideRules = new Map();
  if (!request.all) {
    addTopLevel(rules, tree);
    addVar(rules, tree);
    addSecrets(rules, tree);
  }
  const own = request.own.map((path) => tree.real(path) ?? path);
  addUsers(rules, { own, hide: resolve('hide', request.hide, tree), show: resolve('show', request.show, tree) });
  for (const path of own) if (visibilityOf(rules, path) === 'show') rules.set(path, 'empty');
  return rules;
}

/** Returns the rule of the path, or of the nearest directory above that has one. */
export function visibilityOf(rules: HideRules, path: string): Visibility {
  const ruled = [...parentsOf(path), path].findLast((candidate) => rules.has(candidate));
  return ruled === undefined ? 'show' : (rules.get(ruled) ?? 'show');
}

function addTopLevel(rules: HideRules, tree: HostTree): void {
  for (const name of tree.list('/')) {
    const path = `/${name}`;
    if (SYSTEM_DIRECTORIES.includes(path)) continue;
    if (EMPTY_DIRECTORIES.includes(path)) hideAt(rules, tree, path);
    else rules.set(path, 'absent');
  }
  for (const path of KEPT_EMPTY) if (tree.exists(path)) hideAt(rules, tree, path);
}

function addVar(rules: HideRules, tree: HostTree): void {
  for (const name of tree.list('/var')) {
    const path = `/var/${name}`;
    // Links lead to paths that have rules of their own: /run, /run/lock.
    if (tree.isLink(path) || SHOWN_BELOW_VAR.includes(path)) continue;
    rules.set(path, tree.hiding(path));
    if (!VAR_DIRECTORIES.includes(path) || !SKELETONS.includes(path)) continue;
    for (const below of tree.list(path)) {
      if (tree.isDirectory(`${path}/${below}`)) rules.set(`${path}/${below}`, 'empty');
    }
  }
  for (const path of SHOWN_STATE) if (tree.isDirectory(path)) rules.set(path, 'show');
}

function addSecrets(rules: HideRules, tree: HostTree): void {
  for (const path of tree.unreadable(SEARCHED_DIRECTORY)) rules.set(path, tree.hiding(path));
  for (const path of SECRET_DIRECTORIES) if (tree.exists(path)) hideAt(rules, tree, path);
  for (const path of SECRET_FILES.flatMap((pattern) => matches(pattern, tree))) hideAt(rules, tree, path);
}

/** Hides the target of a path. A link stays, and leads nowhere or to an empty directory. */
function hideAt(rules: HideRules, tree: HostTree, path: string): void {
  const real = tree.isLink(path) ? tree.real(path) : path;
  if (real !== undefined && real !== '/') rules.set(real, tree.hiding(real));
}

function matches(pattern: string, tree: HostTree): readonly string[] {
  if (!pattern.includes('*')) return tree.exists(pattern) ? [pattern] : [];
  const directory = parentOf(pattern);
  const [before = '', after = ''] = pattern.slice(directory.length + 1).split('*');
  return tree
    .list(directory)
    .filter((name) => name.startsWith(before) && name.endsWith(after) && name.length >= before.length + after.length)
    .map((name) => `${directory}/${name}`);
}

/** Resolves paths of the user, following links: rules are for real paths. */
function resolve(option: string, paths: readonly string[], tree: HostTree): readonly Target[] {
  return paths.map((path) => {
    const real = tree.real(path);
    if (real === undefined) throw invalid(`${option}: ${path}: no such file or directory`);
    if (real === '/') throw invalid(`${option}: ${path} is the root of the file system`);
    return { path: real, hiding: tree.hiding(real) };
  });
}

interface Target {
  readonly path: string;
  readonly hiding: 'empty' | 'absent';
}

interface UserPaths {
  readonly own: readonly string[];
  readonly hide: readonly Target[];
  readonly show: readonly Target[];
}

/**
 * Adds the user's rules, which apply to a path and everything below it; if one lies in another, each applies to its
 * part.
 */
function addUsers(rules: HideRules, { own, hide, show }: UserPaths): void {
  const both = hide.find(({ path }) => show.some((other) => other.path === path));
  if (both !== undefined) throw invalid(`${both.path} cannot be both hidden and shown`);
  for (const { path } of show) {
    if (own.some((directory) => isWithin(path, directory))) throw invalid(`show: ${path} belongs to tspod itself`);
    forget(rules, path, []);
    rules.set(path, 'show');
  }
  const shown = show.map(({ path }) => path);
  for (const { path, hiding } of hide) {
    forget(rules, path, shown);
    rules.set(path, hiding);
  }
}

/** Drops the rules for a path and everything below it, except the given ones. */
function forget(rules: HideRules, path: string, kept: readonly string[]): void {
  for (const ruled of [...rules.keys()]) if (isWithin(ruled, path) && !kept.includes(ruled)) rules.delete(ruled);
}
