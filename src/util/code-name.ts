/** Returns the name that has this number in a table of numbers by name; undefined if there is none. */
export function codeName<N extends string>(codes: Readonly<Record<N, number>>, code: number): N | undefined {
  return (Object.keys(codes) as N[]).find((name) => codes[name] === code);
}
