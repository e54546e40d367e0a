/**
 * TreeWriter, which writes a new tree. One call on a thread writes many entries, while the next ones are read. No other
 * process may write there. Paths are resolved beneath the root, whatever links earlier entries have brought. An
 * existing entry is replaced by a new one of its path, but a directory stays for a directory.
 */
import type { BinaryText } from '../util/binary-text.js';
import { binding, type TreeWriterHandle } from './binding.js';
import { unwrap } from './native-error.js';

/** Codes of instructions, which native/addon/tree_writer.cc reads. */
const INSTRUCTION = { entry: 1, hardLink: 2, data: 3, whiteout: 4, opaque: 5 } as const;

/** Sizes of content and of instructions at which a batch is full. */
const BATCH_BYTES = 1024 * 1024;
const INSTRUCTION_BYTES = 256 * 1024;

/** Size of the numbers of an entry: mode, uid, gid, time, size, device. */
const FIXED_BYTES = 4 * 4 + 8 + 4 + 8 + 4 + 4;

export interface WrittenEntry {
  /** Path without a slash at its beginning and end, without "." and ".."; '' is the root itself. */
  readonly path: BinaryText;
  /** Type and permissions. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeSec: number;
  readonly mtimeNsec: number;
  /** Size of a regular file; parts that are not written are holes. */
  readonly size: number;
  readonly major: number;
  readonly minor: number;
  /** Target of a symbolic link, or the path that a hard link is another name of. */
  readonly target: BinaryText;
  readonly xattrs: ReadonlyMap<BinaryText, Uint8Array>;
}

/** Limits of a tree; exceeding them is a NativeError E2BIG of the syscall `mkdirat`, or `path`. */
export interface TreeLimits {
  /** Number of directories that are made, whether for an entry of their own or for one below them. */
  readonly directories: number;
  /** Total bytes of the paths of directories, which are kept in memory until the end. */
  readonly pathBytes: number;
}

/**
 * Writer of a new tree. Only one method may run at a time; each waits for a place in the queue, not for the disk. The
 * next call throws the NativeError of an earlier one.
 */
export class TreeWriter {
  readonly #handle: TreeWriterHandle;
  #instructions = Buffer.allocUnsafe(INSTRUCTION_BYTES);
  #used = 0;
  #buffers: ArrayBufferLike[] = [];
  #dataBytes = 0;
  #running: Promise<unknown> = Promise.resolve();

  /** `root`: a descriptor of an empty directory. */
  constructor(root: number, limits: TreeLimits) {
    this.#handle = unwrap(binding().openTreeWriter(root, limits.directories, limits.pathBytes));
  }

  /** Adds a directory, a file whose content follows, a symbolic link, a device or a fifo. */
  entry(entry: WrittenEntry): void {
    this.#entry(INSTRUCTION.entry, entry);
  }

  hardLink(entry: WrittenEntry): void {
    this.#entry(INSTRUCTION.hardLink, entry);
  }

  /** Adds content of the file that was the last entry. The bytes must not change before the next flush has resolved. */
  data(offset: number, bytes: Buffer): void {
    if (this.#buffers.at(-1) !== bytes.buffer) this.#buffers.push(bytes.buffer);
    this.#reserve(4 * 4 + 8);
    this.#u32(INSTRUCTION.data);
    this.#u32(this.#buffers.length - 1);
    this.#u32(bytes.byteOffset);
    this.#u32(bytes.length);
    this.#u64(offset);
    this.#dataBytes += bytes.length;
  }

  /** Hides entries of this path in lower layers (overlayfs). */
  whiteout(path: BinaryText): void {
    this.#reserve(4);
    this.#u32(INSTRUCTION.whiteout);
    this.#text(path);
  }

  /** Hides the contents of this directory in lower layers (overlayfs). */
  opaque(path: BinaryText): void {
    this.#reserve(4);
    this.#u32(INSTRUCTION.opaque);
    this.#text(path);
  }

  get isFull(): boolean {
    return this.#dataBytes >= BATCH_BYTES || this.#used >= INSTRUCTION_BYTES / 2;
  }

  /** Starts writing the batch, once the previous one is written. */
  async flush(): Promise<void> {
    const instructions = this.#instructions.subarray(0, this.#used);
    const buffers = this.#buffers;
    this.#instructions = Buffer.allocUnsafe(INSTRUCTION_BYTES);
    this.#used = 0;
    this.#buffers = [];
    this.#dataBytes = 0;
    await this.settled();
    if (instructions.length > 0) this.#running = binding().writeTree(this.#handle, instructions, buffers);
  }

  /** Waits until the current batch is written. */
  async settled(): Promise<void> {
    unwrap((await this.#running) as undefined);
  }

  /** Writes the rest. Returns the directories that were made although no entry brought them, parents first. */
  async finish(): Promise<readonly BinaryText[]> {
    await this.flush();
    await this.settled();
    const implied = unwrap(await binding().finishTree(this.#handle));
    return implied.toString('latin1').split('\0').slice(0, -1);
  }

  #entry(instruction: number, entry: WrittenEntry): void {
    this.#reserve(4 + FIXED_BYTES);
    this.#u32(instruction);
    this.#u32(entry.mode);
    this.#u32(entry.uid);
    this.#u32(entry.gid);
    this.#u64(entry.mtimeSec);
    this.#u32(entry.mtimeNsec);
    this.#u64(entry.size);
    this.#u32(entry.major);
    this.#u32(entry.minor);
    this.#text(entry.path);
    this.#text(entry.target);
    this.#attributes(entry.xattrs);
  }

  #attributes(xattrs: WrittenEntry['xattrs']): void {
    this.#reserve(8);
    this.#u32(xattrs.size);
    if (xattrs.size === 0) {
      this.#u32(0);
      return;
    }
    const sizeAt = this.#used;
    this.#u32(0);
    for (const [name, value] of xattrs) {
      this.#text(name);
      this.#reserve(4 + value.length);
      this.#u32(value.length);
      this.#instructions.set(value, this.#used);
      this.#used += value.length;
    }
    this.#instructions.writeUInt32LE(this.#used - sizeAt - 4, sizeAt);
  }

  #u32(value: number): void {
    this.#used = this.#instructions.writeUInt32LE(value, this.#used);
  }

  /** Writes a number of 64 bits, also a negative one: a time before 1970. */
  #u64(value: number): void {
    const low = ((value % 0x1_0000_0000) + 0x1_0000_0000) % 0x1_0000_0000;
    this.#used = this.#instructions.writeUInt32LE(low, this.#used);
    this.#used = this.#instructions.writeInt32LE(Math.floor(value / 0x1_0000_0000), this.#used);
  }

  #text(text: BinaryText): void {
    this.#reserve(4 + text.length + 1);
    this.#u32(text.length);
    this.#used += this.#instructions.write(text, this.#used, 'latin1');
    this.#used = this.#instructions.writeUInt8(0, this.#used);
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#instructions.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#instructions.length * 2, this.#used + bytes));
    this.#instructions.copy(larger, 0, 0, this.#used);
    this.#instructions = larger;
  }
}
