/** Options of health checks: part of the create options. */

/** Command of a check, run in the container; exit code 0 is healthy. `['NONE']` is no check at all. */
export type HealthTest = readonly string[];

/** What happens to a container that becomes unhealthy. */
export type HealthAction = 'none' | 'kill' | 'restart' | 'stop';

/** A check that runs in place of the regular one until it has succeeded: for programs that take long to start. */
export interface StartupCheckOptions {
  /** Command of the check, in the form of HealthOptions.test. */
  readonly test: HealthTest;
  /** Milliseconds from the end of a check to the next; 0: only on a call of healthcheck(). @default 30000 */
  readonly intervalMs?: number;
  /** Milliseconds after which a check has failed. @default 30000 */
  readonly timeoutMs?: number;
  /** Failures in a row after which the container is restarted; 0: never. @default 0 */
  readonly retries?: number;
  /** Successes in a row that end the start-up. @default 1 */
  readonly successes?: number;
}

export interface HealthOptions {
  /**
   * `['CMD', program, ...arguments]`, `['CMD-SHELL', command line]` for `sh -c`, or `['NONE']`. The check runs as the
   * container's user, in its working directory, with its environment.
   * @default none
   */
  readonly test?: HealthTest;
  /** Milliseconds from the end of a check to the next; 0: only on a call of healthcheck(). @default 30000 */
  readonly intervalMs?: number;
  /**
   * Milliseconds after which a check has failed, and is killed with all processes that it has started.
   * @default 30000
   */
  readonly timeoutMs?: number;
  /** Failures in a row that make the container unhealthy. @default 3 */
  readonly retries?: number;
  /** Milliseconds after the start in which failures do not count. @default 0 */
  readonly startPeriodMs?: number;
  /**
   * What happens when the container becomes unhealthy. `stop` and `kill` are final, like those of the user; `restart`
   * happens whatever the restart policy.
   * @default 'none'
   */
  readonly onFailure?: HealthAction;
  /** Check that runs in place of this one until it has succeeded. @default none */
  readonly startup?: StartupCheckOptions;
  /** Results that are kept; 0: up to 1000, and no more than fit into a record of 256 KiB. @default 5 */
  readonly maxLogCount?: number;
  /** Bytes of a check's output that are kept; 0: as many as the record holds. @default 500 */
  readonly maxLogBytes?: number;
}
