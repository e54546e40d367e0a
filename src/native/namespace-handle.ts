/** Handles of namespaces that this process holds, and ways to name a namespace. */
import { constants, fstatSync } from 'node:fs';
import { requireAbsolutePath, requireDescriptor, requireObject } from './arguments.js';
import { binding } from './binding.js';
import { CLONE_FLAGS, NAMESPACE_KINDS } from './namespace-kinds.js';
import type { NamespaceKind } from './namespace-kinds.js';
import { isFailure, NativeError, unwrap } from './native-error.js';

/** A namespace that lives at least as long as the handle is open. */
export interface NamespaceHandle extends Disposable {
  readonly kind: NamespaceKind;
  /** Descriptor of the nsfs file, for setns(2). TypeError when the handle is closed. */
  readonly fd: number;
  /** The number that `readlink /proc/PID/ns/KIND` shows. */
  readonly inode: bigint;
  /** Closes the handle; the namespace ends when nothing else holds it. Calling it again does nothing. */
  close(): void;
}

/**
 * How a namespace is named: a path (`/proc/PID/ns/net`, `/run/netns/NAME`, a pinned one), a process (its namespace of
 * the requested kind), or a handle.
 */
export type NamespaceSource = string | { readonly pid: number } | NamespaceHandle;

const EINVAL = 22;

/**
 * Opens an existing namespace; for a handle, a second, independent handle. NativeError ENOENT if there is no such file
 * or process, EACCES without the right to look at it, EINVAL if the file is no namespace or one of another kind;
 * TypeError for an invalid kind or pid, or a relative path.
 */
export function openNamespace(kind: NamespaceKind, source: NamespaceSource): NamespaceHandle {
  requireKind(kind);
  if (isHandle(source)) return holdNamespace(kind, unwrap(binding().duplicate(requireHandle(source, kind).fd)));
  const path = namespacePath(kind, source);
  const fd = unwrap(binding().openFd(path, OPEN_FLAGS));
  const found = binding().namespaceKind(fd);
  if (found === CLONE_FLAGS[kind]) return holdNamespace(kind, fd);
  binding().closeFd(fd);
  const detail = isFailure(found) ? 'not a namespace' : `not a ${kind} namespace`;
  throw new NativeError({ errno: EINVAL, syscall: 'open', path, detail });
}

/**
 * Keeps a namespace without a process: bind mounts it on a file that is made for it (mode 0400). Undone by
 * `unmount(path)` and the removal of the file. NativeError EEXIST if the file exists, EPERM, ELOOP for a mount
 * namespace that is not younger than the one that the path is in; TypeError for a relative path or a closed handle.
 */
export async function pinNamespace(namespace: NamespaceHandle, path: string): Promise<void> {
  unwrap(await binding().pinNamespace(requireHandle(namespace).fd, requireAbsolutePath(path)));
}

/** Returns the path of the nsfs file that a path or a process names. */
function namespacePath(kind: NamespaceKind, source: Exclude<NamespaceSource, NamespaceHandle>): string {
  if (typeof source !== 'object' || source === null)
    return requireAbsolutePath(source, `a ${kind} namespace's absolute path`);
  if (!Number.isInteger(source.pid) || source.pid < 1) throw new TypeError(`not a process id: ${source.pid}`);
  return `/proc/${source.pid}/ns/${kind}`;
}

/**
 * Returns a source in the form that the addon takes: for a handle its descriptor, which the addon copies during the
 * call, else a path.
 */
export function namespaceSource(kind: NamespaceKind, source: NamespaceSource): string | number {
  return isHandle(source) ? requireHandle(source, kind).fd : namespacePath(kind, source);
}

export function isHandle(source: unknown): source is NamespaceHandle {
  return typeof source === 'object' && source !== null && 'fd' in source;
}

/** Throws TypeError unless the value is an object of sources by kind. A handle is a single source. */
export function requireSources(namespaces: unknown): void {
  requireObject(namespaces, 'the namespaces to be in');
  if (isHandle(namespaces))
    throw new TypeError(`a namespace handle is one of the namespaces to be in: { ${namespaces.kind}: handle }`);
}

/** Returns the handle; TypeError for another value, or a handle of another kind. */
export function requireHandle(value: NamespaceHandle, kind: NamespaceKind = value.kind): NamespaceHandle {
  if (!isHandle(value)) throw new TypeError('not the handle of a namespace');
  if (value.kind !== kind) throw new TypeError(`not a ${kind} namespace: a ${value.kind} namespace`);
  requireDescriptor(value.fd);
  return value;
}

/** Flags of the open; a named pipe in place of a namespace does not block it. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Returns a handle that owns the descriptor of a namespace. */
export function holdNamespace(kind: NamespaceKind, fd: number): NamespaceHandle {
  let open = true;
  const close = () => {
    if (open) binding().closeFd(fd);
    open = false;
  };
  const inode = fstatSync(fd, { bigint: true }).ino;
  return {
    kind,
    get fd() {
      if (!open) throw new TypeError(`the handle of a ${kind} namespace is closed`);
      return fd;
    },
    inode,
    close,
    [Symbol.dispose]: close,
  };
}

export function requireKind(kind: string): void {
  if (!(NAMESPACE_KINDS as readonly string[]).includes(kind)) {
    throw new TypeError(`not a kind of namespace: "${kind}" (${NAMESPACE_KINDS.join(', ')})`);
  }
}
