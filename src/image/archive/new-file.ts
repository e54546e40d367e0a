/** A file that appears when it is whole, in place of one that is there; a link to that stays. */
import { constants } from 'node:fs';
import { open, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

import { nameFile } from '../../native/directory-changes.js';
import { isNativeError } from '../../native/native-error.js';
import { randomBytes } from '../../native/primitives.js';

/** Node does not have it: open(2), O_TMPFILE. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
const MODE = 0o644;

/**
 * Until commit() it has no name where the file system can do that, so that a kill leaves nothing; elsewhere (NFS, FUSE, overlayfs before Linux 6.1)
 * it lies beside its place as `PATH.*.tmp`. Failures are those of node:fs, and NativeError.
 */
export class NewFile implements AsyncDisposable {
  /** What is written goes to its end. */
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
    // What keeps it from being made keeps the named one, too, and is said then.
    const unnamed = await open(dirname(path), flags, MODE).catch(() => undefined);
    const handle = unnamed ?? (await open(temporary, 'ax', MODE));
    return new NewFile(path, { handle, temporary, hasName: unnamed === undefined });
  }

  /** It is on the disk, and takes its place. Closed by dispose. */
  async commit(): Promise<void> {
    await this.handle.sync();
    if (!this.#hasName && this.#takesFreePlace()) return;
    // A link does not replace what is there.
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

  /** What was not committed goes. Again is nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.handle.close();
    if (this.#hasName) await rm(this.#temporary, { force: true });
  }
}

/** Where links lead. What is there and no regular file must not be replaced: a device would be gone for everybody. */
async function placeOf(path: string): Promise<string> {
  const there = await stat(path).catch(() => undefined);
  if (there === undefined) return path;
  // It would refuse by itself, but only at the end.
  if (there.isDirectory()) throw new Error('it is a directory');
  if (!there.isFile()) throw new Error('it is there, and no regular file');
  return realpath(path);
}
