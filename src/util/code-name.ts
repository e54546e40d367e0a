/** The name of a number in a table of names and their numbers; undefined if none has it. */
export function codeName<N extends string>(codes: Readonly<Record<N, number>>, code: number): N | undefined {
  return (Object.keys(codes) as N[]).find((name) => codes[name] === code);
}
