/** Writes Skopeo's `dir:` format. */
import { readdir } from 'node:fs/promises';

import { invalid } from '../../errors.js';
import { splitDigest } from '../../oci/digest.js';
import type { Descriptor } from '../../oci/image.js';
import type { BlobUpload, ImageDestination, RawManifest } from '../transport.js';
import { manifestFile } from './dir-source.js';
import { directoryFiles } from './file-set.js';
import { directorySink, type FileSink } from './file-sink.js';

/** File by which Skopeo recognizes such a directory; it reads none without it. */
const MARK = 'version';
const MARK_BEGINS = 'Directory Transport Version:';
const VERSION = `${MARK_BEGINS} 1.1\n`;
/** Temporary name of the file, as a killed process may have left it. */
const UNFINISHED_MARK = /^version\.[0-9a-f]{12}\.tmp$/;

export class DirDestination implements ImageDestination {
  readonly reference: string;
  readonly #sink: FileSink;

  private constructor(reference: string, sink: FileSink) {
    this.reference = reference;
    this.#sink = sink;
  }

  /**
   * Opens the directory. Throws INVALID_ARGUMENT if it has files of another program, which may include a
   * manifest.json.
   */
  static async open(reference: string, directory: string): Promise<DirDestination> {
    const sink = await directorySink(directory);
    if (!(await isMarked(directory))) {
      const others = (await readdir(directory)).filter((name) => !UNFINISHED_MARK.test(name));
      if (others.length > 0)
        throw invalid(`write to ${JSON.stringify(directory)}: it is not empty, and not an image directory`);
      // Written first, so that an interrupted write can be repeated.
      await sink.put(MARK, Buffer.from(VERSION));
    }
    return new DirDestination(reference, sink);
  }

  hasBlob({ digest }: Descriptor): Promise<boolean> {
    return Promise.resolve(this.#sink.has(splitDigest(digest).hex));
  }

  async putBlob(descriptor: Descriptor, { open }: BlobUpload): Promise<'uploaded' | 'mounted'> {
    const name = splitDigest(descriptor.digest).hex;
    if (this.#sink.has(name)) return 'mounted';
    await this.#sink.putBlob(name, descriptor, open);
    return 'uploaded';
  }

  async putManifest({ bytes }: RawManifest, { digest }: { readonly digest?: string } = {}): Promise<void> {
    await this.#sink.put(digest === undefined ? 'manifest.json' : manifestFile(digest), bytes);
  }

  commit(): Promise<void> {
    return this.#sink.commit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sink[Symbol.asyncDispose]();
  }
}

async function isMarked(directory: string): Promise<boolean> {
  using mark = directoryFiles(directory).open(MARK);
  return mark !== undefined && (await mark.bytes(MARK_BEGINS.length)).toString() === MARK_BEGINS;
}
