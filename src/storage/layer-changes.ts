/** Compares a container's own layer (overlayfs) with the layers below it. */
import {
  directoryEntries,
  directoryNames,
  isDirectory,
  isSymlink,
  openBeneath,
  type DirectoryEntry,
  type OwnedFd,
} from '../native/directory-entries.js';
import { isNativeError } from '../native/native-error.js';
import { fromBinaryText, toBinaryText, type BinaryText } from '../util/binary-text.js';
import { O_DIRECTORY, O_NOFOLLOW, O_PATH, S_IFCHR, S_IFMT } from '../util/file-bits.js';
import { checkDepth } from './depth.js';

export interface LayerChange {
  readonly kind: 'added' | 'changed' | 'deleted';
  readonly path: string;
}

interface Pair {
  readonly upper: number;
  /** undefined: the lower layers have nothing there, or nothing that is visible. */
  readonly lower: number | undefined;
}

/**
 * Yields every change, parents first, names in order. `made`: paths on which something was mounted. Mount points, and
 * directories that exist only for them, are not reported as the container's changes. Throws NOT_SUPPORTED for a tree
 * that is too deep.
 */
export async function* layerChanges(
  pair: Pair,
  made: ReadonlySet<string>,
): AsyncGenerator<LayerChange, void, undefined> {
  yield* changesIn(pair, { path: '', depth: 0, made: new MadeByEngine(made) });
}

/** Mount points and the directories above them, which the engine created. */
class MadeByEngine {
  readonly #points: ReadonlySet<BinaryText>;
  readonly #above: ReadonlySet<BinaryText>;

  constructor(made: ReadonlySet<string>) {
    const points = [...made].map((path) => toBinaryText(path));
    this.#points = new Set(points);
    this.#above = new Set(
      points.flatMap((path) => {
        const parts = path.split('/').slice(1, -1);
        return parts.map((_, i) => `/${parts.slice(0, i + 1).join('/')}`);
      }),
    );
  }

  isPoint(path: BinaryText): boolean {
    return this.#points.has(path);
  }

  /** Whether the entry is a file created as a mount point, or a symbolic link created by the engine. */
  isFile(path: BinaryText, entry: DirectoryEntry, old: DirectoryEntry | undefined): boolean {
    return this.isPoint(path) && (old !== undefined || entry.size === 0 || isSymlink(entry));
  }

  isAbove(path: BinaryText): boolean {
    return this.#above.has(path);
  }
}

/** Whether the entry hides one in the layers below. */
export function isWhiteout({ mode, major, minor }: DirectoryEntry): boolean {
  return (mode & S_IFMT) === S_IFCHR && major === 0 && minor === 0;
}

/** Whether the directory hides everything that the layers below have in it. */
export function isOpaque({ xattrs }: DirectoryEntry): boolean {
  return xattrs.get('trusted.overlay.opaque')?.toString() === 'y';
}

/** A directory that is being compared. */
interface At {
  readonly path: BinaryText;
  /** Number of directories above it. */
  readonly depth: number;
  readonly made: MadeByEngine;
}

async function* changesIn(
  { upper, lower }: Pair,
  { path: above, depth, made }: At,
): AsyncGenerator<LayerChange, void, undefined> {
  checkDepth(depth, 'compared');
  const names = await directoryNames(upper);
  const entries = await directoryEntries(upper, names);
  const below = lower === undefined ? [] : await directoryEntries(lower, names);
  for (const [i, entry] of entries.entries()) {
    if (entry === undefined) continue;
    const path = `${above}/${entry.name}`;
    const old = below[i];
    if (isWhiteout(entry)) {
      if (old !== undefined && !made.isPoint(path)) yield change('deleted', path);
      continue;
    }
    const itself = change(old === undefined ? 'added' : 'changed', path);
    if (!isDirectory(entry)) {
      if (!made.isFile(path, entry, old)) yield itself;
      continue;
    }
    const inside = changesOfDirectory(
      { upper, lower: old !== undefined && isDirectory(old) ? lower : undefined },
      entry,
      { path, depth: depth + 1, made },
    );
    // A directory that exists only for a mount is reported only if something else in it is.
    const isOurs = made.isPoint(path) || made.isAbove(path);
    if (!isOurs || (old !== undefined && !hasSameOwnerAndMode(entry, old))) {
      yield itself;
      yield* inside;
      continue;
    }
    let told = false;
    for await (const inner of inside) {
      if (!told) yield itself;
      told = true;
      yield inner;
    }
  }
}

/** Yields the changes inside a directory of the upper layer; for an opaque directory also the entries that it hides. */
async function* changesOfDirectory(
  { upper, lower }: Pair,
  entry: DirectoryEntry,
  at: At,
): AsyncGenerator<LayerChange, void, undefined> {
  using inner = openIfDirectory(upper, entry.name);
  if (inner === undefined) return;
  using old = lower === undefined ? undefined : openIfDirectory(lower, entry.name);
  if (old !== undefined && isOpaque(entry)) {
    const kept = new Set(await directoryNames(inner.fd));
    for (const name of await directoryNames(old.fd)) if (!kept.has(name)) yield change('deleted', `${at.path}/${name}`);
  }
  yield* changesIn({ upper: inner.fd, lower: old?.fd }, at);
}

/** Whether type, permissions and owner are equal, regardless of content. */
export function hasSameOwnerAndMode(one: DirectoryEntry, other: DirectoryEntry): boolean {
  return one.mode === other.mode && one.uid === other.uid && one.gid === other.gid;
}

/** Opens a directory; undefined if the entry is not a directory, or gone. */
export function openIfDirectory(directory: number, name: BinaryText): OwnedFd | undefined {
  try {
    return openBeneath(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, { links: false });
  } catch (error) {
    if (isNativeError(error) && ['ENOENT', 'ENOTDIR', 'ELOOP', 'EXDEV'].includes(error.code)) return undefined;
    throw error;
  }
}

export function change(kind: LayerChange['kind'], path: BinaryText): LayerChange {
  return { kind, path: fromBinaryText(path) };
}
