/**
 * A file that appears only when it is complete, replacing an existing one. A symbolic link in its place is kept, and
 * its target replaced.
 */
import { constants } from 'node:fs';
import { open, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

import { nameFile } from '../../native/directory-changes.js';
import { isNativeError } from '../../native/native-error.js';
import { randomBytes } from '../../native/primitives.js';

/** open(2), O_TMPFILE: missing in node:fs. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
const MODE = 0o644;

/**
 * Until commit() the file has no name if the filesystem supports that, so that a kill leaves nothing behind; on others
 * (NFS, FUSE, overlayfs before Linux 6.1) it is `PATH.*.tmp` in the same directory. Throws errors of node:fs, and
 * NativeError.
 */
export class NewFile implements AsyncDisposable {
  /** Opened for appending. */
  readonly handle: FileHandle;
  readonly #path: string;
  readonly #temporary: string;
  #hasName: boolean;
  #isOpen = true;

  private constructor(path: string, file: { handle: FileHandle; temporary: string; hasName: boolean }) {
    this.#path = path;
    this.handle = file.handle;
    this.#temporary = file.temporary;
    this.#hasName = file.hasName;
  }

  static async create(asked: string): Promise<NewFile> {
    const path = await placeOf(asked);
    const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    const flags = O_TMPFILE | constants.O_WRONLY | constants.O_APPEND;
    // Whatever else prevents an unnamed file also prevents a named one, and is reported then.
    const unnamed = await open(dirname(path), flags, MODE).catch(() => undefined);
    const handle = unnamed ?? (await open(temporary, 'ax', MODE));
    return new NewFile(path, { handle, temporary, hasName: unnamed === undefined });
  }

  /** Syncs the file to the disk and puts it in its place. Disposing closes it. */
  async commit(): Promise<void> {
    await this.handle.sync();
    if (!this.#hasName && this.#takesFreePlace()) return;
    // linkat(2) cannot replace an existing file, but rename(2) can.
    if (!this.#hasName) nameFile(this.handle.fd, this.#temporary);
    this.#hasName = true;
    await rename(this.#temporary, this.#path);
    this.#hasName = false;
  }

  #takesFreePlace(): boolean {
    try {
      nameFile(this.handle.fd, this.#path);
      return true;
    } catch (error) {
      if (isNativeError(error, 'EEXIST')) return false;
      throw error;
    }
  }

  /** Closes the file, and removes it if it was not committed. Further calls do nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.handle.close();
    if (this.#hasName) await rm(this.#temporary, { force: true });
  }
}

/**
 * Follows symbolic links. Refuses to replace anything but a regular file: a device, for example, would be gone for
 * everybody.
 */
async function placeOf(path: string): Promise<string> {
  const there = await stat(path).catch(() => undefined);
  if (there === undefined) return path;
  // The rename would fail anyway, but only at the end.
  if (there.isDirectory()) throw new Error('it is a directory');
  if (!there.isFile()) throw new Error('it exists, and is not a regular file');
  return realpath(path);
}
