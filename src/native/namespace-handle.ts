/** Namespaces that this process holds, and ways to name one. */
import { constants, fstatSync } from 'node:fs';
import { requireAbsolutePath, requireDescriptor, requireObject } from './arguments.js';
import { binding } from './binding.js';
import { CLONE_FLAGS, NAMESPACE_KINDS } from './namespace-kinds.js';
import type { NamespaceKind } from './namespace-kinds.js';
import { isFailure, NativeError, unwrap } from './native-error.js';

/** A namespace that lives at least as long as the handle is open. */
export interface NamespaceHandle extends Disposable {
  readonly kind: NamespaceKind;
  /** Descriptor of the nsfs file, as for setns(2). TypeError when the handle is closed. */
  readonly fd: number;
  /** The number that `readlink /proc/PID/ns/KIND` shows. */
  readonly inode: bigint;
  /** Lets go of it; it ends when nobody else holds it. Again is nothing. */
  close(): void;
}

/**
 * A namespace by what names it: a path (`/proc/PID/ns/net`, `/run/netns/NAME`, a pinned one), a process (its namespace of the
 * kind that is asked for), or a handle.
 */
export type NamespaceSource = string | { readonly pid: number } | NamespaceHandle;

const EINVAL = 22;

/**
 * Opens a namespace that exists; of a handle, a second one of its own. NativeError ENOENT if there is no such file or process, EACCES without the
 * right to look at it, EINVAL if it is no namespace or one of another kind; TypeError for what is no kind, no pid or no absolute path.
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
 * Keeps a namespace without a process: bind mounts it on a file that is made for it (mode 0400). It ends with `unmount(path)` and the
 * file's removal. NativeError EEXIST if there is a file, EPERM, ELOOP for a mount namespace that is not younger than the one that the path
 * is in; TypeError for a relative path or a closed handle.
 */
export async function pinNamespace(namespace: NamespaceHandle, path: string): Promise<void> {
  unwrap(await binding().pinNamespace(requireHandle(namespace).fd, requireAbsolutePath(path)));
}

/** The nsfs file of a path or a process. */
function namespacePath(kind: NamespaceKind, source: Exclude<NamespaceSource, NamespaceHandle>): string {
  if (typeof source !== 'object' || source === null)
    return requireAbsolutePath(source, `a ${kind} namespace's absolute path`);
  if (!Number.isInteger(source.pid) || source.pid < 1) throw new TypeError(`not a process id: ${source.pid}`);
  return `/proc/${source.pid}/ns/${kind}`;
}

/** As the addon takes it: of a handle the descriptor, which it copies during the call; else a path. */
export function namespaceSource(kind: NamespaceKind, source: NamespaceSource): string | number {
  return isHandle(source) ? requireHandle(source, kind).fd : namespacePath(kind, source);
}

export function isHandle(source: unknown): source is NamespaceHandle {
  return typeof source === 'object' && source !== null && 'fd' in source;
}

/** Sources by kind: TypeError for what is none, and for a handle, which is one source. */
export function requireSources(namespaces: unknown): void {
  requireObject(namespaces, 'the namespaces to be in');
  if (isHandle(namespaces))
    throw new TypeError(`a namespace handle is one of the namespaces to be in: { ${namespaces.kind}: handle }`);
}

/** TypeError for what is no handle, or one of another kind. */
export function requireHandle(value: NamespaceHandle, kind: NamespaceKind = value.kind): NamespaceHandle {
  if (!isHandle(value)) throw new TypeError('not the handle of a namespace');
  if (value.kind !== kind) throw new TypeError(`not a ${kind} namespace: a ${value.kind} namespace`);
  requireDescriptor(value.fd);
  return value;
}

/** A named pipe that lies in a namespace's place holds nobody up. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Takes the descriptor of a namespace over. */
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
