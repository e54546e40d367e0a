/** Namespaces in the form in which the addon takes them for work on a thread of its own. */
import { TspodError } from '../errors.js';
import type { Inside } from './binding.js';
import { isHandle, namespaceSource, openNamespace, requireSources } from './namespace-handle.js';
import type { NamespaceHandle, NamespaceSource } from './namespace-handle.js';
import { CLONE_FLAGS, THREAD_NAMESPACE_KINDS } from './namespace-kinds.js';
import type { NamespaceKind, ThreadNamespaceKind } from './namespace-kinds.js';

/** The namespaces that work is done in. For a kind that is not named, it is this process's namespace. */
export type ThreadNamespaces = { readonly [K in ThreadNamespaceKind]?: NamespaceSource };

const WHY_NOT: Readonly<Record<Exclude<NamespaceKind, ThreadNamespaceKind>, string>> = {
  user: 'a thread cannot enter a user namespace: it belongs to the whole process',
  time: 'a thread cannot enter a time namespace: it belongs to the whole process',
  pid: 'a pid namespace takes only processes that are born in it',
};

/**
 * Returns the arguments for the addon. TspodError NOT_SUPPORTED for a kind that a thread cannot enter; TypeError for a
 * value that names no namespace.
 */
export function insideArguments(namespaces: ThreadNamespaces | undefined): Inside {
  const sources = sourcesOf(namespaces);
  return [sources.map(([kind, source]) => namespaceSource(kind, source)), sources.map(([kind]) => CLONE_FLAGS[kind])];
}

/** Returns the namespaces that are named, as pairs of kind and source. */
export function sourcesOf(namespaces: ThreadNamespaces | undefined): [ThreadNamespaceKind, NamespaceSource][] {
  if (namespaces === undefined) return [];
  requireSources(namespaces);
  return Object.entries(namespaces)
    .filter(([, source]) => source !== undefined)
    .map(([name, source]) => [requireThreadKind(name), source]);
}

/**
 * Does work that takes several calls, with copies of the handles in `namespaces`, which the caller may close meanwhile.
 */
export async function whileHeld<T>(
  namespaces: ThreadNamespaces | undefined,
  work: (inside: ThreadNamespaces | undefined) => Promise<T>,
): Promise<T> {
  const held: NamespaceHandle[] = [];
  const hold = ([kind, source]: [ThreadNamespaceKind, NamespaceSource]): [string, NamespaceSource] => {
    if (!isHandle(source)) return [kind, source];
    const own = openNamespace(kind, source);
    held.push(own);
    return [kind, own];
  };
  try {
    const sources = sourcesOf(namespaces);
    return await work(sources.length === 0 ? undefined : Object.fromEntries(sources.map(hold)));
  } finally {
    for (const handle of held) handle.close();
  }
}

function requireThreadKind(name: string): ThreadNamespaceKind {
  if ((THREAD_NAMESPACE_KINDS as readonly string[]).includes(name)) return name as ThreadNamespaceKind;
  const reason = WHY_NOT[name as keyof typeof WHY_NOT];
  if (reason === undefined) throw new TypeError(`not a kind of namespace: "${name}"`);
  throw new TspodError('NOT_SUPPORTED', `${reason}; use runInNamespaces`);
}
