/** Reads the maps of sparse files in GNU tar's formats: old GNU, pax 0.1 and 1.0. Pax 0.0 is not supported. */
import { badArchive, type ByteSource } from './byte-source.js';
import { count, decodeDecimal, number, type RawHeader } from './decode.js';
import { BLOCK_BYTES, type DataRange } from './header.js';

/** Limit of the parts of a file: a map with more is made to exhaust memory. */
const MAX_RANGES = 1_000_000;

export interface SparseMap {
  readonly ranges: readonly DataRange[];
  /** Size of the file, including holes. */
  readonly size: number;
  /** Bytes of the entry's content that the map itself occupies. */
  readonly mapBytes: number;
}

/**
 * Returns the map according to the records of a pax header; undefined if the file is not sparse. In version 1.0 the map
 * is read from the content.
 */
export async function paxSparse(
  records: ReadonlyMap<string, Buffer>,
  source: ByteSource,
): Promise<SparseMap | undefined> {
  const size = records.get('GNU.sparse.realsize') ?? records.get('GNU.sparse.size');
  if (size === undefined) return undefined;
  const text = records.get('GNU.sparse.map')?.toString('latin1');
  if (text !== undefined)
    return checked(pairs(text.split(',').map((digits) => decodeDecimal(Buffer.from(digits)))), decodeDecimal(size), 0);
  if (records.get('GNU.sparse.major')?.toString() !== '1')
    throw badArchive('sparse files of pax version 0.0 are not supported');
  const { numbers, mapBytes } = await leadingNumbers(source);
  return checked(pairs(numbers), decodeDecimal(size), mapBytes);
}

/** Reads the map of version 1.0: the number of parts, then the numbers, one per line, padded to a block. */
async function leadingNumbers(source: ByteSource): Promise<{ numbers: number[]; mapBytes: number }> {
  const numbers: number[] = [];
  let [mapBytes, line, wanted] = [0, '', 1];
  while (numbers.length < wanted) {
    const block = await source.exactly(BLOCK_BYTES);
    if (block === undefined) throw badArchive('it ends in the map of a sparse file');
    mapBytes += BLOCK_BYTES;
    const lines = (line + block.toString('latin1')).split('\n');
    line = lines.pop() ?? '';
    for (const digits of lines) {
      if (numbers.length === wanted) break;
      numbers.push(decodeDecimal(Buffer.from(digits)));
      if (numbers.length === 1) wanted = 1 + 2 * (numbers[0] ?? 0);
      if (wanted > 2 * MAX_RANGES) throw badArchive('a sparse file has too many parts');
    }
    if (line.length > 20 && numbers.length < wanted) throw badArchive('the map of a sparse file is malformed');
  }
  return { numbers: numbers.slice(1), mapBytes };
}

/** Reads the map of a file of type `S`: pairs in the header block, continued in the blocks that follow. */
export async function oldSparse({ block }: RawHeader, source: ByteSource): Promise<SparseMap> {
  const numbers: number[] = [];
  const take = (from: Buffer, at: number, count: number) => {
    for (let i = 0; i < count; i += 1) {
      const offset = at + i * 24;
      if (from[offset] === 0) return;
      numbers.push(number(from, [offset, 12]), number(from, [offset + 12, 12]));
    }
  };
  take(block, 386, 4);
  for (let more = block[482] === 1; more;) {
    const next = await source.exactly(BLOCK_BYTES);
    if (next === undefined || numbers.length > 2 * MAX_RANGES)
      throw badArchive('the map of a sparse file does not end');
    take(next, 0, 21);
    more = next[504] === 1;
  }
  return checked(pairs(numbers), count(block, [483, 12]), 0);
}

function pairs(numbers: readonly number[]): DataRange[] {
  if (numbers.length % 2 !== 0) throw badArchive('the map of a sparse file is malformed');
  const ranges: DataRange[] = [];
  for (let i = 0; i < numbers.length; i += 2) ranges.push({ offset: numbers[i] ?? 0, size: numbers[i + 1] ?? 0 });
  return ranges;
}

function checked(ranges: readonly DataRange[], size: number, mapBytes: number): SparseMap {
  let end = 0;
  for (const range of ranges) {
    if (range.offset < end || range.size < 0 || range.offset + range.size > size)
      throw badArchive('the map of a sparse file is malformed');
    end = range.offset + range.size;
  }
  return { ranges: ranges.filter((range) => range.size > 0), size, mapBytes };
}
