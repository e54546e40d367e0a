/** The verbs of a container that look at its files or move them. */
import type { Readable } from 'node:stream';

import type { SignalOption } from './container.js';

export interface CopyInOptions extends SignalOption {
  /** Let directories replace other files, and other files replace directories. @default false: INVALID_ARGUMENT */
  readonly overwrite?: boolean;
  /** Give all files to the container's user; false: to the ids in the archive. @default true */
  readonly chown?: boolean;
  /** Other names for first components of the archive's paths: `{ 'a.txt': 'b.txt' }`. */
  readonly rename?: Readonly<Record<string, string>>;
  /**
   * Path by which a user named the directory, if links in the container were followed to find the directory. In a
   * container with a user namespace, files of users that it does not have are changed only if this path is in one of
   * its mounts. @default the directory
   */
  readonly asked?: string;
}

export interface CopyOutOptions extends SignalOption {
  /** Name of the file or directory in the archive. @default its own */
  readonly as?: string;
}

/** A file of a container. */
export interface FileStat {
  /** Last component of the path that was asked for. */
  readonly name: string;
  /** Absolute path with symbolic links at its end followed; links before the end stay as they were given. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo' | 'socket';
  readonly size: number;
  /** Type and permissions, as st_mode has them. */
  readonly mode: number;
  /** Owner and group, as the container sees them. */
  readonly uid: number;
  readonly gid: number;
  readonly modifiedAt: Date;
  /** Target of the path itself if that is a symbolic link; else ''. */
  readonly linkTarget: string;
}

/** What happened to a path of a container's root file system: added, changed, deleted. */
export interface FileChange {
  readonly kind: 'added' | 'changed' | 'deleted';
  readonly path: string;
}

export interface ContainerUnmountOptions {
  /** Unmount however often mount() was called. @default false */
  readonly force?: boolean;
}

export interface ContainerSizes {
  /** Bytes of the files that the container wrote. */
  readonly writable: number;
  /** Bytes with those of the image or root directory included; the host's own files are not counted for `host:`. */
  readonly root: number;
}

/**
 * Streams hold the lock of a container that does not run (and engine.close() waits for them) until they end or are
 * destroyed. A path is resolved inside the container; no link leads out of it.
 */
export interface ContainerFiles {
  /**
   * Returns the bytes of the files that the container has written, and those with its image or root directory included;
   * a file of several names counts once. The host's own files are not counted for `host:`. Walks the files.
   */
  sizes(): Promise<ContainerSizes>;
  /**
   * Returns the root file system as a tar archive (pax), without what is mounted in it: owners as the container sees
   * them, extended attributes, devices, hard links, times to the nanosecond.
   */
  export(options?: SignalOption): Promise<Readable>;
  /**
   * Returns a file or directory as a tar archive; for a path that ends with `/.`, what is in the directory. A symbolic
   * link at the end is followed. What is mounted in a running container is included; for one that does not run, its
   * volumes, bind mounts and images are. NO_SUCH_FILE.
   */
  copyOut(path: string, options?: CopyOutOptions): Promise<Readable>;
  /**
   * Unpacks a tar archive in a directory of the container, which must exist: NO_SUCH_FILE, INVALID_ARGUMENT. Existing
   * files are replaced. After BAD_ARCHIVE, what came before the fault is there. PERMISSION_DENIED: something belongs to
   * users that the container's user namespace does not have, and is in none of its mounts.
   */
  copyIn(directory: string, archive: AsyncIterable<Uint8Array>, options?: CopyInOptions): Promise<void>;
  /**
   * Returns what differs from the layers below, ordered by path. NOT_SUPPORTED for a root directory that is used
   * without an overlay.
   */
  diff(options?: SignalOption): Promise<readonly FileChange[]>;
  /**
   * Mounts the root file system on the host and returns where: the same place until unmount() was called as often, the
   * container is removed, or the machine goes down. A container that starts meanwhile takes its root from there.
   */
  mount(): Promise<string>;
  /** Undoes one mount(). STATE_INVALID if the container runs and mount() is not outstanding. */
  unmount(options?: ContainerUnmountOptions): Promise<void>;
  /**
   * Describes a file. With `follow` false a symbolic link at the end is described itself. NO_SUCH_FILE. @default follow
   * true
   */
  stat(path: string, options?: { readonly follow?: boolean }): Promise<FileStat>;
  /**
   * Stores a file of this name beside the container, or replaces it; it is removed with the container. INVALID_ARGUMENT
   * for a name that is not a plain file name and for more than 64 MiB, DISK_FULL.
   */
  addArtifact(name: string, data: string | Uint8Array): Promise<void>;
  /** Returns the contents of a file that addArtifact() stored. NO_SUCH_FILE. */
  getArtifact(name: string): Promise<Buffer>;
  /** Removes a file that addArtifact() stored. NO_SUCH_FILE. */
  removeArtifact(name: string): Promise<void>;
}
