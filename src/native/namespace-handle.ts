/** Namespaces that this process holds, and ways to name one. */
import { fstatSync, openSync, statfsSync } from 'node:fs';
import { binding } from './binding.js';
import { NAMESPACE_KINDS } from './namespace-kinds.js';
import type { NamespaceKind } from './namespace-kinds.js';
import { NativeError, unwrap } from './native-error.js';

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

const NSFS_MAGIC = 0x6e736673;
const EINVAL = 22;

/**
 * Opens a namespace that exists. NativeError ENOENT if there is no such file or process, EACCES without the right to look at it, EINVAL if it
 * is not a namespace; TypeError for another kind or what is no pid.
 */
export function openNamespace(kind: NamespaceKind, source: string | { readonly pid: number }): NamespaceHandle {
  requireKind(kind);
  const path = namespacePath(kind, source);
  const fd = openForReading(path);
  const magic = statfsSync(`/proc/self/fd/${fd}`).type;
  if (magic === NSFS_MAGIC) return holdNamespace(kind, fd);
  binding().closeFd(fd);
  throw new NativeError({ errno: EINVAL, syscall: 'open', path, detail: 'not a namespace' });
}

/**
 * Keeps a namespace without a process: bind mounts it on a file that is made for it (mode 0400). It ends with `unmount(path)` and the
 * file's removal. NativeError EEXIST if there is a file, EPERM, EINVAL for a mount namespace that is not younger than the one that the path
 * is in.
 */
export async function pinNamespace(namespace: NamespaceHandle, path: string): Promise<void> {
  unwrap(await binding().pinNamespace(namespace.fd, path));
}

/** The nsfs file of a source. */
export function namespacePath(kind: NamespaceKind, source: NamespaceSource): string {
  if (typeof source === 'string') return source;
  if ('fd' in source) return `/proc/self/fd/${source.fd}`;
  if (!Number.isInteger(source.pid) || source.pid < 1) throw new TypeError(`not a process id: ${source.pid}`);
  return `/proc/${source.pid}/ns/${kind}`;
}

function openForReading(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    throw new NativeError({ errno: Math.abs(errno ?? 0), syscall: 'open', path });
  }
}

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
