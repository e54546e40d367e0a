/** Writes an archive of regular files, which appears in its place when it is complete. */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';

import { TspodError } from '../../errors.js';
import { ARCHIVE_END, encodeHeader } from '../../tar/encode.js';
import { paddingOf } from '../../tar/header.js';
import { NewFile } from './new-file.js';

export class TarWriter implements AsyncDisposable {
  readonly #path: string;
  readonly #whole: NewFile;
  readonly #file: FileHandle;
  readonly #written = new Set<string>();
  /** Serializes concurrent add() calls. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(path: string, whole: NewFile) {
    this.#path = path;
    this.#whole = whole;
    this.#file = whole.handle;
  }

  static async create(path: string): Promise<TarWriter> {
    try {
      return new TarWriter(path, await NewFile.create(path));
    } catch (error) {
      throw cannotWrite(path, error);
    }
  }

  has(name: string): boolean {
    return this.#written.has(name);
  }

  /**
   * Adds a file with exactly `size` bytes; does nothing if the archive has one of this name. Throws DIGEST_MISMATCH for
   * another size or digest.
   */
  async add(name: string, size: number, content: Buffer | (() => Promise<Readable>), digest?: string): Promise<void> {
    const mine = this.#turn.then(async () => {
      if (this.#written.has(name)) return;
      await this.#append(name, { size, content, digest });
      this.#written.add(name);
    });
    this.#turn = mine.catch(() => undefined);
    await mine;
  }

  /** Completes the archive and puts it in its place. */
  async finish(): Promise<void> {
    await this.#turn;
    try {
      await this.#file.write(ARCHIVE_END);
      await this.#whole.commit();
    } catch (error) {
      throw cannotWrite(this.#path, error);
    }
  }

  /** Discards the archive if it was not finished. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
    await this.#whole[Symbol.asyncDispose]();
  }

  async #append(
    name: string,
    file: { size: number; content: Buffer | (() => Promise<Readable>); digest: string | undefined },
  ): Promise<void> {
    const { size, content, digest } = file;
    const start = (await this.#file.stat()).size;
    try {
      await this.#file.writeFile(headerOf(name, size));
      if (Buffer.isBuffer(content)) await this.#file.writeFile(content);
      else await this.#stream(name, { size, source: await content(), digest });
      await this.#file.writeFile(Buffer.alloc(paddingOf(size)));
    } catch (error) {
      // Another attempt starts at the same offset.
      await this.#file.truncate(start);
      throw error instanceof TspodError ? error : cannotWrite(this.#path, error);
    }
  }

  async #stream(name: string, file: { size: number; source: Readable; digest: string | undefined }): Promise<void> {
    const hash = createHash(file.digest?.split(':')[0] ?? 'sha256');
    let length = 0;
    for await (const chunk of file.source as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > file.size) throw mismatch(name, `it is longer than ${file.size} bytes`);
      hash.update(chunk);
      await this.#file.writeFile(chunk);
    }
    if (length < file.size) throw mismatch(name, `it is shorter than ${file.size} bytes`);
    const actual = hash.digest('hex');
    if (file.digest !== undefined && file.digest.split(':')[1] !== actual)
      throw mismatch(name, `its digest is ${actual}`);
  }
}

function headerOf(name: string, size: number): Buffer {
  return encodeHeader({
    path: name,
    type: 'file',
    mode: 0o644,
    size,
    ...{ uid: 0, gid: 0, mtimeSec: 0, mtimeNsec: 0, target: '', major: 0, minor: 0, xattrs: new Map() },
  });
}

function mismatch(name: string, why: string): TspodError {
  return new TspodError('DIGEST_MISMATCH', `write ${name}: ${why}`);
}

function cannotWrite(path: string, error: unknown): TspodError {
  const { code, message } = error as NodeJS.ErrnoException;
  const kinds = {
    ENOSPC: 'DISK_FULL',
    EDQUOT: 'DISK_FULL',
    EACCES: 'PERMISSION_DENIED',
    EROFS: 'PERMISSION_DENIED',
  } as const;
  const kind = Object.hasOwn(kinds, code ?? '') ? kinds[code as keyof typeof kinds] : 'INVALID_ARGUMENT';
  return new TspodError(kind, `write ${JSON.stringify(path)}: ${message}`, { cause: error });
}
