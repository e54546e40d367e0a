/**
 * The numbers that fields of steps take: the one place where they are written. `scripts/generate-plan.mjs` turns each of these tables into an
 * `enum class` in `native/plan/ops.gen.h`, and sees to it that its numbers are 0, 1, 2 and so on.
 */
export const CODES = {
  /**
   * `role`: a container (records, attach socket, teardown); an exec (parent of the command only; nothing on disk without a runDirectory); a health check:
   * an exec that is killed when whoever started it goes, and whose process group is killed when its first process ends.
   */
  monitorRole: { container: 0, exec: 1, check: 2 },
  /** `stdio`, each of stdin, stdout and stderr: /dev/null; through the monitor (pipe); a slot's descriptor as it is. */
  streamKind: { null: 0, monitor: 1, passthrough: 2 },
  /** `log` */
  logDriver: { none: 0, 'k8s-file': 1, 'json-file': 2 },
  /** `restart`. For the monitor `always` and `unless-stopped` are the same: they differ after a boot. */
  restartPolicy: { no: 0, 'on-failure': 1, always: 2, 'unless-stopped': 3 },
  /** `pidFile`: whose number is written. */
  pidFileOwner: { init: 0, monitor: 1 },
  /** `healthCheck`: the check; the start-up check, in place of the other one until it has succeeded. */
  checkKind: { regular: 0, startup: 1 },
  /** `health`: nothing; SIGKILL; end and launch again; end. */
  failureAction: { none: 0, kill: 1, restart: 2, stop: 3 },
  /**
   * `attachInRoot`, what is made where the target is missing: nothing, the step fails; a directory; an empty file; whichever of both the root of the slot's
   * mount is.
   */
  create: { nothing: 0, directory: 1, file: 2, sameKind: 3 },
  /** `capabilities`, whose they are, which is known only after the user was looked up: always; only when the uid kept is 0; only when it is not. */
  applies: { always: 0, toRoot: 1, toOthers: 2 },
  /**
   * `netlink`, when the messages after the probe are sent: always; unless the probe finds something that contains `expected`; if it finds something that does;
   * if it finds this alone.
   */
  netlinkCondition: { none: 0, unlessExpected: 1, ifExpected: 2, ifExpectedAlone: 3 },
} as const;
