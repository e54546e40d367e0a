/**
 * The numbers that fields of steps take: the only place where they are written. `scripts/generate-plan.mjs` turns each
 * of these tables into an `enum class` in `native/plan/ops.gen.h`, and checks that its numbers are 0, 1, 2 and so on.
 */
export const CODES = {
  /**
   * `role`: a container (records, attach socket, teardown); an exec session (parent of the command only; writes to disk
   * only with a runDirectory); a health check: an exec that is killed when the process that started it ends, and whose
   * process group is killed when its first process ends.
   */
  monitorRole: { container: 0, exec: 1, check: 2 },
  /** `stdio`, each of stdin, stdout and stderr: /dev/null; a pipe through the monitor; a slot's descriptor as it is. */
  streamKind: { null: 0, monitor: 1, passthrough: 2 },
  /** `log`: format of the log file. */
  logDriver: { none: 0, 'k8s-file': 1, 'json-file': 2 },
  /** `restart`. To the monitor `always` and `unless-stopped` are the same: they differ only after a boot. */
  restartPolicy: { no: 0, 'on-failure': 1, always: 2, 'unless-stopped': 3 },
  /** `pidFile`: the process whose pid is written. */
  pidFileOwner: { init: 0, monitor: 1 },
  /** `healthCheck`: the regular check, or the start-up check, which runs in its place until it has succeeded. */
  checkKind: { regular: 0, startup: 1 },
  /** `health`, what an unhealthy container gets: nothing; SIGKILL; stop and launch again; stop. */
  failureAction: { none: 0, kill: 1, restart: 2, stop: 3 },
  /**
   * `attachInRoot`, what is made where the target is missing: nothing, and the step fails; a directory; an empty file;
   * a directory or an empty file, like the root of the slot's mount.
   */
  create: { nothing: 0, directory: 1, file: 2, sameKind: 3 },
  /**
   * `capabilities`, to which user they apply, which is known only after the look-up: always; only if the uid kept is 0;
   * only if it is not.
   */
  applies: { always: 0, toRoot: 1, toOthers: 2 },
  /**
   * `netlink`, when the messages after the probe are sent: always; unless the probe finds something that contains
   * `expected`; if it finds something that does; if it finds that alone.
   */
  netlinkCondition: { none: 0, unlessExpected: 1, ifExpected: 2, ifExpectedAlone: 3 },
} as const;
