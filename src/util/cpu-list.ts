/** Lists of CPUs or memory nodes as in cpuset(7): "0-2,5". */

/** A number higher than any kernel's last CPU or node. */
const HIGHEST = 65535;

/**
 * Whether the text is such a list. Ranges are not expanded, so a range of any size costs the same. The kernel's
 * ":used/group" forms are not accepted.
 */
export function isCpuList(text: string): boolean {
  if (text.length > 4096) return false;
  return text.split(',').every(isRange);
}

/** Returns a bit set of the numbers in such a list, lowest first. */
export function cpuBits(list: string): Uint8Array {
  const ranges = list.split(',').map((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return { first, last };
  });
  const bits = new Uint8Array(Math.floor(Math.max(...ranges.map(({ last }) => last)) / 8) + 1);
  for (const { first, last } of ranges)
    for (let number = first; number <= last; number += 1)
      bits[number >> 3] = (bits[number >> 3] ?? 0) | (1 << (number & 7));
  return bits;
}

/** Whether every number in `list` is also in `whole`. */
export function isCpuListWithin(list: string, whole: string): boolean {
  const all = cpuBits(whole);
  return cpuBits(list).every((bits, index) => (bits & ~(all[index] ?? 0)) === 0);
}

function isRange(text: string): boolean {
  const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(text);
  if (match === null) return false;
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  return first <= last && last <= HIGHEST;
}
