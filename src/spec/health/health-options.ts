/** How a container is looked after: part of the create options. */

/** What is run in the container; exit code 0 is well. `['NONE']` is no check at all. */
export type HealthTest = readonly string[];

/** What happens when a container becomes unhealthy. */
export type HealthAction = 'none' | 'kill' | 'restart' | 'stop';

/** Runs in place of the check until it has succeeded: for programs that take long to get going. */
export interface StartupCheckOptions {
  /** As `test` of the check. */
  readonly test: HealthTest;
  /** 0: only when healthcheck() asks. @default 30000 */
  readonly intervalMs?: number;
  /** @default 30000 */
  readonly timeoutMs?: number;
  /** Failures in a row after which the container is restarted; 0: it may fail for ever. @default 0 */
  readonly retries?: number;
  /** Successes in a row that it takes. @default 1 */
  readonly successes?: number;
}

export interface HealthOptions {
  /**
   * `['CMD', program, ...arguments]`, `['CMD-SHELL', command line]` for `sh -c`, or `['NONE']`. It runs as the container's user, in its working
   * directory, with its environment. @default none
   */
  readonly test?: HealthTest;
  /** Milliseconds from the end of a check to the next; 0: only when healthcheck() asks. @default 30000 */
  readonly intervalMs?: number;
  /** A check that takes longer has failed, and is killed with all that it has started. @default 30000 */
  readonly timeoutMs?: number;
  /** Failures in a row that make the container unhealthy. @default 3 */
  readonly retries?: number;
  /** Failures this soon after the start do not count. @default 0 */
  readonly startPeriodMs?: number;
  /** `stop` and `kill` are final, as those of the user; `restart` follows no policy. @default 'none' */
  readonly onFailure?: HealthAction;
  /** @default none */
  readonly startup?: StartupCheckOptions;
  /** Results that are kept; 0: up to 1000, and no more than fit into a record of 256 KiB. @default 5 */
  readonly maxLogCount?: number;
  /** Bytes that are kept of what a check writes; 0: as many as such a record holds. @default 500 */
  readonly maxLogBytes?: number;
}
