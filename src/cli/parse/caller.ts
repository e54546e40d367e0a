/** What parsing flags needs to know about the calling process; passed as a value so that tests can choose it. */
export interface Caller {
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Returns the absolute form of a path, which may be relative to the working directory. Throws CliError if that has
   * been removed.
   */
  readonly resolve: (path: string) => string;
  /** Returns the text of a file. Throws an Error worded `open PATH: no such file or directory`. */
  readonly readFile: (path: string) => string;
  /** Returns resource limits: names of RLIMIT_* in lower case with their soft and hard values; -1 is unlimited. */
  readonly limits: () => readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
}
