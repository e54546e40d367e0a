/** Names of users and groups: passwd(5) and group(5), which begin their lines alike. */

export type NameOf = (id: number) => string;

/** The first name of each number; a number that no line has is its own name. */
export function accountNames(text: string): NameOf {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name, , id] = line.split(':');
    if (name === undefined || name === '' || id === undefined || !/^\d+$/.test(id)) continue;
    if (!names.has(Number(id))) names.set(Number(id), name);
  }
  return (id) => names.get(id) ?? String(id);
}

/** Lines of "inside outside count" (user_namespaces(7)): from a number outside to that inside; the overflow id where there is none. */
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
