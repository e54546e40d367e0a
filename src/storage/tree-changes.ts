/** Two trees of files, one against the other. */
import { directoryEntries, directoryNames, isDirectory, type DirectoryEntry } from '../native/directory-entries.js';
import { toBinaryText, type BinaryText } from '../util/binary-text.js';
import { checkDepth } from './depth.js';
import { change, isSame, openIfDirectory, type LayerChange } from './layer-changes.js';

/**
 * What the newer tree has added, changed and deleted, parents first, names in order. Contents are not read: a
 * file whose size and times are the same is the same. A directory counts as changed when something in it has. `made`: paths that are passed over.
 * NOT_SUPPORTED for a tree that is too deep.
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
  /** undefined: nothing is there. */
  readonly older: number | undefined;
  readonly newer: number;
}

/** The directory that is looked into. */
interface At {
  readonly path: BinaryText;
  /** How many are above it. */
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

/** With the directory itself before the first of them, if that is not told yet. */
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

/** The times of a directory tell of what is in it. */
function isUnchanged(one: DirectoryEntry, other: DirectoryEntry): boolean {
  if (!isSame(one, other)) return false;
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
