/** What parsing flags needs of the process that typed them; a value of its own so that tests can say what it is. */
export interface Caller {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly directory: string;
  /** Text of a file; throws an Error worded `open PATH: no such file or directory`. */
  readonly readFile: (path: string) => string;
  /** Names of RLIMIT_* in lower case with their soft and hard values; -1 is unlimited. */
  readonly limits: () => readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
}
