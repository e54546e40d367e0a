/** Sets of user or group ids, as ranges. */

/** `size` ids from `first` on. */
export interface IdRange {
  readonly first: number;
  readonly size: number;
}

/** Returns the ids in `ranges` that are in none of `others`: sorted, without overlap. */
export function subtractRanges(ranges: readonly IdRange[], others: readonly IdRange[]): readonly IdRange[] {
  return others.reduce<readonly IdRange[]>(
    (left, other) => left.flatMap((range) => without(range, other)),
    union(ranges),
  );
}

function without({ first, size }: IdRange, other: IdRange): readonly IdRange[] {
  const end = first + size;
  const otherEnd = other.first + other.size;
  if (otherEnd <= first || other.first >= end) return [{ first, size }];
  const before = { first, size: other.first - first };
  const after = { first: otherEnd, size: end - otherEnd };
  return [before, after].filter((part) => part.size > 0);
}

/** Returns the same ids, sorted and in as few ranges as possible. */
function union(ranges: readonly IdRange[]): readonly IdRange[] {
  const merged: IdRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const last = merged.at(-1);
    if (last === undefined || range.first > last.first + last.size) merged.push(range);
    else
      merged[merged.length - 1] = {
        first: last.first,
        size: Math.max(last.size, range.first + range.size - last.first),
      };
  }
  return merged;
}

export function sizeOfRanges(ranges: readonly IdRange[]): number {
  return ranges.reduce((sum, { size }) => sum + size, 0);
}

/**
 * Takes `size` ids from the ranges: from the first range that has room for all of them, else from several. Undefined if
 * there are not enough.
 */
export function takeIds(ranges: readonly IdRange[], size: number): readonly IdRange[] | undefined {
  const whole = ranges.find((range) => range.size >= size);
  if (whole !== undefined) return size === 0 ? [] : [{ first: whole.first, size }];
  const taken: IdRange[] = [];
  let missing = size;
  for (const { first, size: available } of ranges) {
    const part = Math.min(available, missing);
    taken.push({ first, size: part });
    missing -= part;
    if (missing === 0) return taken;
  }
  return undefined;
}
