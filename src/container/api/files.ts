/** The verbs of a container that look at its files or move them. */
import type { Readable } from 'node:stream';

import type { SignalOption } from './container.js';

export interface CopyInOptions extends SignalOption {
  /** Lets directories take the place of other files, and other files that of directories. @default false: INVALID_ARGUMENT */
  readonly overwrite?: boolean;
  /** Everything belongs to the container's user; false: to the ids that the archive says. @default true */
  readonly chown?: boolean;
  /** Other names for first components of the archive's paths: `{ 'a.txt': 'b.txt' }`. */
  readonly rename?: Readonly<Record<string, string>>;
}

export interface CopyOutOptions extends SignalOption {
  /** The name that the file or directory has in the archive. @default its own */
  readonly as?: string;
}

/** A file of a container. */
export interface FileStat {
  /** Last component of the path that was asked for. */
  readonly name: string;
  /** Absolute, with links at its end followed; those before the end are as they were given. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo' | 'socket';
  readonly size: number;
  /** Type and permissions, as st_mode has them. */
  readonly mode: number;
  /** As the container sees them. */
  readonly uid: number;
  readonly gid: number;
  readonly modifiedAt: Date;
  /** What the path itself points to when it is a link; else ''. */
  readonly linkTarget: string;
}

/** What happened to a path of a container's root file system: added, changed, deleted. */
export interface FileChange {
  readonly kind: 'added' | 'changed' | 'deleted';
  readonly path: string;
}

export interface ContainerUnmountOptions {
  /** Takes the mount away however many calls of mount() there were. @default false */
  readonly force?: boolean;
}

export interface ContainerSizes {
  /** Bytes of the files that the container wrote. */
  readonly writable: number;
  /** With those of its image or root directory; the host's own files are not counted for `host:`. */
  readonly root: number;
}

/**
 * Streams hold the lock of a container that does not run (and engine.close() waits for them) until they end or are destroyed. A path is
 * resolved inside the container; no link leads out of it.
 */
export interface ContainerFiles {
  /**
   * Bytes of the files that it has written, and with those of its image or root directory; a file of several names counts once. The host's own files are not
   * counted for `host:`. Walks them.
   */
  sizes(): Promise<ContainerSizes>;
  /**
   * Its root file system as a tar archive (pax): owners as it sees them, extended attributes, devices, hard links, times to the nanosecond. Without
   * what is mounted in it.
   */
  export(options?: SignalOption): Promise<Readable>;
  /**
   * A file or directory as a tar archive; of a path that ends with `/.` what is in the directory. A link at the end is followed. What is mounted in a
   * running container is seen; in one that does not run its volumes, bind mounts and images are. NO_SUCH_FILE.
   */
  copyOut(path: string, options?: CopyOutOptions): Promise<Readable>;
  /**
   * Unpacks a tar archive in a directory of it, which is there: NO_SUCH_FILE, INVALID_ARGUMENT. What exists is replaced. BAD_ARCHIVE: what came before the
   * fault is there.
   */
  copyIn(directory: string, archive: AsyncIterable<Uint8Array>, options?: CopyInOptions): Promise<void>;
  /** What differs from the layers below, in the order of paths. NOT_SUPPORTED for a root directory that is used as it is. */
  diff(options?: SignalOption): Promise<readonly FileChange[]>;
  /**
   * Shows its root file system on the host and answers where: the same place until unmount() was called as often, it is removed, or the machine
   * goes down. A container that starts meanwhile has its root from there.
   */
  mount(): Promise<string>;
  /** STATE_INVALID if it runs and mount() is not outstanding. */
  unmount(options?: ContainerUnmountOptions): Promise<void>;
  /** NO_SUCH_FILE. With `follow` false a link at the end is described itself. @default follow true */
  stat(path: string, options?: { readonly follow?: boolean }): Promise<FileStat>;
  /**
   * Keeps a file of this name beside the container, or replaces it; it goes with the container. INVALID_ARGUMENT for a name that is no plain file name
   * and for more than 64 MiB, DISK_FULL.
   */
  addArtifact(name: string, data: string | Uint8Array): Promise<void>;
  /** What was kept under the name. NO_SUCH_FILE. */
  getArtifact(name: string): Promise<Buffer>;
  /** NO_SUCH_FILE. */
  removeArtifact(name: string): Promise<void>;
}
