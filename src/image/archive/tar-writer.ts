/** Writes an archive of regular files next to where it will be, and moves it there when it is whole. */
import { createHash } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';

import { TspodError } from '../../errors.js';
import { ARCHIVE_END, encodeHeader } from '../../tar/encode.js';
import { paddingOf } from '../../tar/header.js';

export class TarWriter implements AsyncDisposable {
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: FileHandle;
  readonly #written = new Set<string>();
  /** Files come one after another, whoever brings them. */
  #turn: Promise<unknown> = Promise.resolve();
  #isOpen = true;

  private constructor(path: string, temporary: string, file: FileHandle) {
    this.#path = path;
    this.#temporary = temporary;
    this.#file = file;
  }

  static async create(path: string): Promise<TarWriter> {
    const temporary = `${path}.${process.pid}.${Date.now().toString(36)}.tmp`;
    try {
      // Writing goes on at the end, also when the end was moved back.
      return new TarWriter(path, temporary, await open(temporary, 'ax', 0o644));
    } catch (error) {
      throw cannotWrite(path, error);
    }
  }

  has(name: string): boolean {
    return this.#written.has(name);
  }

  /** So many bytes under this name; again is nothing. Throws DIGEST_MISMATCH if there are more or fewer, or if they have another digest. */
  async add(name: string, size: number, content: Buffer | (() => Promise<Readable>), digest?: string): Promise<void> {
    const mine = this.#turn.then(async () => {
      if (this.#written.has(name)) return;
      await this.#append(name, { size, content, digest });
      this.#written.add(name);
    });
    this.#turn = mine.catch(() => undefined);
    await mine;
  }

  /** The archive takes its place. */
  async finish(): Promise<void> {
    await this.#turn;
    try {
      await this.#file.write(ARCHIVE_END);
      await this.#file.sync();
      await this.#file.close();
      await rename(this.#temporary, this.#path);
      this.#isOpen = false;
    } catch (error) {
      throw cannotWrite(this.#path, error);
    }
  }

  /** What was not finished goes. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#turn;
    await this.#file.close();
    await rm(this.#temporary, { force: true });
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
      // Another try begins where this one did.
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
