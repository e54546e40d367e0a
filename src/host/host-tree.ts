/**
 * HostTree, which reads the host's directories, caches the results, and can tell later whether they are still current.
 */
import { lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';

import { cleanPath } from '../util/paths.js';

/** Owner and permission bits. */
export interface Attributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A directory that was read, with its time of change at that moment. */
export interface SeenDirectory {
  readonly path: string;
  readonly changedMs: number;
}

/** Highest number of links that are followed for one path, as in the kernel. */
const MAX_LINKS = 40;
/** Limits of a search: more than any /etc has. */
const MAX_DEPTH = 12;
const MAX_SEARCHED = 100000;

/** The tree below a root directory; all paths are absolute and clean, as seen from that root. */
export class HostTree {
  readonly #root: string;
  readonly #stats = new Map<string, Stats | undefined>();
  readonly #names = new Map<string, readonly string[]>();
  readonly #seen: SeenDirectory[] = [];

  /** @param root '' is the real root; another directory is for tests */
  constructor(root = '') {
    this.#root = root;
  }

  /** Returns the names in a directory, sorted; none if the path is no directory or cannot be read. */
  list(path: string): readonly string[] {
    const known = this.#names.get(path);
    if (known !== undefined) return known;
    const names = this.#read(path);
    this.#names.set(path, names);
    return names;
  }

  exists(path: string): boolean {
    return this.#lstat(path) !== undefined;
  }

  isDirectory(path: string): boolean {
    return this.#lstat(path)?.isDirectory() ?? false;
  }

  isLink(path: string): boolean {
    return this.#lstat(path)?.isSymbolicLink() ?? false;
  }

  /** Returns the target of a link; undefined for anything else. */
  linkTarget(path: string): string | undefined {
    return this.isLink(path) ? readlinkSync(this.#root + path) : undefined;
  }

  /** Returns how a path is hidden: a directory becomes empty, anything else absent. */
  hiding(path: string): 'empty' | 'absent' {
    return this.isDirectory(path) ? 'empty' : 'absent';
  }

  attributes(path: string): Attributes | undefined {
    const stats = this.#lstat(path);
    return stats === undefined ? undefined : { mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid };
  }

  /**
   * Returns files and directories below one that users other than owner and group may not read; the contents of such a
   * directory are not listed.
   */
  unreadable(directory: string): readonly string[] {
    const found: string[] = [];
    let searched = 0;
    const search = (path: string, depth: number): void => {
      for (const name of this.list(path)) {
        searched += 1;
        if (searched > MAX_SEARCHED) return;
        const entry = `${path}/${name}`;
        const stats = this.#lstat(entry);
        if (stats === undefined || stats.isSymbolicLink()) continue;
        const needed = stats.isDirectory() ? 0o5 : 0o4;
        if ((stats.mode & needed) !== needed) found.push(entry);
        else if (stats.isDirectory() && depth < MAX_DEPTH) search(entry, depth + 1);
      }
    };
    search(directory, 0);
    return found;
  }

  /** Returns the path without links, as seen from the root; undefined if it leads nowhere. */
  real(path: string): string | undefined {
    let links = 0;
    let done = '';
    let rest = cleanPath(path).split('/').filter(Boolean);
    while (rest.length > 0) {
      const [name = '', ...further] = rest;
      const next = `${done}/${name}`;
      const stats = this.#lstat(next);
      if (stats === undefined) return undefined;
      if (!stats.isSymbolicLink()) {
        [done, rest] = [next, further];
        continue;
      }
      links += 1;
      if (links > MAX_LINKS) return undefined;
      const target = readlinkSync(this.#root + next);
      const joined = target.startsWith('/') ? target : `${done}/${target}`;
      [done, rest] = ['', [...cleanPath(`/${joined}`).split('/').filter(Boolean), ...further]];
    }
    return done === '' ? '/' : done;
  }

  /** Directories that were read. */
  get seen(): readonly SeenDirectory[] {
    return this.#seen;
  }

  #read(path: string): readonly string[] {
    try {
      // The time is taken first: a change while the names are read makes the list outdated, not current.
      const { mtimeMs } = statSync(this.#root + path);
      const names = readdirSync(this.#root + path).sort();
      this.#seen.push({ path: this.#root + path, changedMs: mtimeMs });
      return names;
    } catch {
      return [];
    }
  }

  #lstat(path: string): Stats | undefined {
    if (this.#stats.has(path)) return this.#stats.get(path);
    let stats: Stats | undefined;
    try {
      stats = lstatSync(this.#root + path, { throwIfNoEntry: false });
    } catch {
      // A component is no directory, or may not be searched: to this process the path does not exist.
      stats = undefined;
    }
    this.#stats.set(path, stats);
    return stats;
  }
}

/** Whether directories are unchanged since they were read: no name has come or gone. */
export function isUnchanged(seen: readonly SeenDirectory[]): boolean {
  return seen.every(({ path, changedMs }) => statSync(path, { throwIfNoEntry: false })?.mtimeMs === changedMs);
}
