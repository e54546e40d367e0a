/** Names of users and groups from passwd(5) and group(5), whose lines begin alike. */

export type NameOf = (id: number) => string;

/** Returns a function from ids to names: the first name of each id, or the id itself if no line has it. */
export function accountNames(text: string): NameOf {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name, , id] = line.split(':');
    if (name === undefined || name === '' || id === undefined || !/^\d+$/.test(id)) continue;
    if (!names.has(Number(id))) names.set(Number(id), name);
  }
  return (id) => names.get(id) ?? String(id);
}

/**
 * Returns a function from outside ids to inside ids, for map lines of "inside outside count" (user_namespaces(7)); the
 * overflow id for an unmapped id.
 */
export function insideId(map: string): (outside: number) => number {
  const ranges = map
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter((numbers) => numbers.length === 3);
  return (outside) => {
    for (const [inside = 0, first = 0, count = 0] of ranges) {
      if (outside >= first && outside < first + count) return inside + (outside - first);
    }
    return OVERFLOW_ID;
  };
}

const OVERFLOW_ID = 65534;
