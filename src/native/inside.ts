/** Namespaces as the addon takes them for work on a thread of its own. */
import { TspodError } from '../errors.js';
import type { Inside } from './binding.js';
import { namespacePath } from './namespace-handle.js';
import type { NamespaceSource } from './namespace-handle.js';
import { CLONE_FLAGS, THREAD_NAMESPACE_KINDS } from './namespace-kinds.js';
import type { NamespaceKind, ThreadNamespaceKind } from './namespace-kinds.js';

/** The namespaces that a thread is to be in; those that are not named are this process's. */
export type ThreadNamespaces = { readonly [K in ThreadNamespaceKind]?: NamespaceSource };

const WHY_NOT: Readonly<Record<Exclude<NamespaceKind, ThreadNamespaceKind>, string>> = {
  user: 'a thread cannot enter a user namespace: it belongs to the whole process',
  time: 'a thread cannot enter a time namespace: it belongs to the whole process',
  pid: 'a pid namespace takes only processes that are born in it',
};

/** The addon's arguments. TspodError NOT_SUPPORTED for a kind that a thread cannot enter. */
export function insideArguments(namespaces: ThreadNamespaces | undefined): Inside {
  const paths: string[] = [];
  const flags: number[] = [];
  for (const [name, source] of Object.entries(namespaces ?? {})) {
    if (source === undefined) continue;
    const kind = requireThreadKind(name);
    paths.push(namespacePath(kind, source));
    flags.push(CLONE_FLAGS[kind]);
  }
  return [paths, flags];
}

function requireThreadKind(name: string): ThreadNamespaceKind {
  if ((THREAD_NAMESPACE_KINDS as readonly string[]).includes(name)) return name as ThreadNamespaceKind;
  const reason = WHY_NOT[name as keyof typeof WHY_NOT];
  if (reason === undefined) throw new TypeError(`not a kind of namespace: "${name}"`);
  throw new TspodError('NOT_SUPPORTED', `${reason}; use runInNamespaces`);
}
