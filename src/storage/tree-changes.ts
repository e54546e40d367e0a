/** Compares two file trees. */
import { directoryEntries, directoryNames, isDirectory, type DirectoryEntry } from '../native/directory-entries.js';
import { toBinaryText, type BinaryText } from '../util/binary-text.js';
import { checkDepth } from './depth.js';
import { change, hasSameOwnerAndMode, openIfDirectory, type LayerChange } from './layer-changes.js';

/**
 * Yields what was added, changed and deleted in the newer tree, parents first, names in order. Contents are not read: a
 * file with the same size and times is unchanged. A directory counts as changed if something in it has. `made`: paths
 * that are skipped. Throws NOT_SUPPORTED for a tree that is too deep.
 */
export async function* treeChanges(
  older: { readonly fd: number },
  newer: { readonly fd: number },
  made: ReadonlySet<string>,
): AsyncGenerator<LayerChange, void, undefined> {
  const skipped = new Set([...made].map((path) => toBinaryText(path)));
  yield* changesIn({ older: older.fd, newer: newer.fd }, { path: '', depth: 0, skipped });
}

interface Pair {
  /** undefined: the older tree has nothing there. */
  readonly older: number | undefined;
  readonly newer: number;
}

/** A directory that is being compared. */
interface At {
  readonly path: BinaryText;
  /** Number of directories above it. */
  readonly depth: number;
  readonly skipped: ReadonlySet<BinaryText>;
}

async function* changesIn(
  { older, newer }: Pair,
  { path: above, depth, skipped }: At,
): AsyncGenerator<LayerChange, void, undefined> {
  checkDepth(depth, 'compared');
  const kept = await directoryNames(newer);
  const before = older === undefined ? [] : await directoryNames(older);
  const names = [...new Set([...kept, ...before])].sort();
  const now = await directoryEntries(newer, names);
  const then = older === undefined ? [] : await directoryEntries(older, names);
  for (const [index, name] of names.entries()) {
    const path = `${above}/${name}`;
    if (skipped.has(path)) continue;
    const [entry, old] = [now[index], then[index]];
    if (entry === undefined) {
      if (old !== undefined) yield change('deleted', path);
      continue;
    }
    const kind = old === undefined ? 'added' : isUnchanged(entry, old) ? undefined : 'changed';
    if (kind !== undefined) yield change(kind, path);
    if (!isDirectory(entry)) continue;
    using inner = openIfDirectory(newer, name);
    if (inner === undefined) continue;
    using outer = older === undefined ? undefined : openIfDirectory(older, name);
    const untold = kind === undefined ? change('changed', path) : undefined;
    yield* below(changesIn({ older: outer?.fd, newer: inner.fd }, { path, depth: depth + 1, skipped }), untold);
  }
}

/** Yields the changes, preceded by the directory itself if that is given and there are any. */
async function* below(
  changes: AsyncIterable<LayerChange>,
  directory: LayerChange | undefined,
): AsyncGenerator<LayerChange, void, undefined> {
  let untold = directory;
  for await (const inner of changes) {
    if (untold !== undefined) yield untold;
    untold = undefined;
    yield inner;
  }
}

/** A directory's times only reflect changes inside it, so they are ignored. */
function isUnchanged(one: DirectoryEntry, other: DirectoryEntry): boolean {
  if (!hasSameOwnerAndMode(one, other)) return false;
  if (isDirectory(one)) return true;
  return (
    one.size === other.size &&
    one.mtimeSec === other.mtimeSec &&
    one.mtimeNsec === other.mtimeNsec &&
    one.major === other.major &&
    one.minor === other.minor &&
    one.target === other.target
  );
}
