/** Lists of CPUs or memory nodes as in cpuset(7): "0-2,5". */

/** More CPUs or nodes than any kernel is built for. */
const HIGHEST = 65535;

/**
 * Whether the text is such a list. Nothing is expanded: a range of any size costs the same.
 * The kernel's ":used/group" forms are not taken.
 */
export function isCpuList(text: string): boolean {
  if (text.length > 4096) return false;
  return text.split(',').every(isRange);
}

function isRange(text: string): boolean {
  const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(text);
  if (match === null) return false;
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  return first <= last && last <= HIGHEST;
}
