/**
 * Messages between engine and monitor, over one SOCK_STREAM unix socket: frames of a u32 payload length, a u32 type
 * (both little endian) and the payload, whose fields are encoded like those of a plan. The socket that the monitor is
 * spawned with and the attach socket have the same protocol; only the first takes `launch`. `scripts/generate-plan.mjs`
 * writes the codes to `native/plan/messages.gen.h`.
 */
import type { RecordShape } from '../util/wire.js';

/** Largest payload that either side accepts; a plan may be as large. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** The numbers that fields of messages take. Each table becomes an `enum class`, like those of `src/plan/codes.ts`. */
export const MESSAGE_CODES = {
  /**
   * Result of a health check: passed; failed; the start-up check failed; not run, because the container does not run,
   * is frozen, or has no check.
   */
  checkAnswer: { passed: 0, failed: 1, failedStartup: 2, notRun: 3 },
} as const;

export const MESSAGES = {
  // engine or client -> monitor
  /** The plan; sent first, and only once. Answered by `created` (if the plan has a gate) or `started`, or `failed`. */
  launch: { code: 1, fields: { plan: 'bytes' } },
  /**
   * Opens the start gate, if it is closed. Answered by `started`, also if the container was started earlier, or
   * `failed`.
   */
  start: { code: 2, fields: {} },
  /**
   * Sends output to this client from now on; `stdin` 1: the client may send input. A repeated message replaces the
   * settings. Answered by `attached`, or `failed` (EUSERS: too many clients are attached).
   */
  attach: { code: 3, fields: { stdin: 'u32', stdout: 'u32', stderr: 'u32' } },
  /**
   * Input. While the container does not read, the monitor does not read from this client: messages that must not wait
   * need another connection.
   */
  stdin: { code: 4, fields: { data: 'bytes' } },
  /**
   * No more input follows: the pipe is closed after all input so far; at a terminal in canonical mode the end-of-file
   * character is typed.
   */
  stdinEnd: { code: 5, fields: {} },
  resize: { code: 6, fields: { rows: 'u32', columns: 'u32' } },
  /**
   * The user stops the container: it is not restarted after its end, and a pending restart is cancelled. An exec is
   * killed with all processes that it has started, as at its time limit. Answered by `stopping`.
   */
  stop: { code: 7, fields: {} },
  /**
   * The user has sent a signal: the restart policy no longer restarts the container until it is changed, and a pending
   * restart by it is cancelled. A health check still may restart it. Answered by `stopping`.
   */
  dropPolicy: { code: 11, fields: {} },
  /** Closes the log file and opens it again under its path. */
  reopenLog: { code: 8, fields: {} },
  /** Runs the health check now. Answered by `checked`, with the result of a check that began after this message. */
  check: { code: 9, fields: {} },
  /**
   * Takes the plan in the file `next` of the run directory: its restart policy applies at once, the rest from the next
   * launch on, and its teardown at the end. Answered by `replanned`, or `failed` (EBADF: a restart would need
   * descriptors that were closed after the start).
   */
  replan: { code: 30, fields: {} },
  /** The container will be started again after its end, so the teardown removes no directory tree. */
  keepTrees: { code: 10, fields: {} },
  /**
   * Forwards connections to published ports on ::1 to these addresses of the container from now on, tried in this
   * order. Answered by `forwarding`.
   */
  forward: { code: 31, fields: { addresses: 'strs' } },
  // monitor -> engine or client
  created: { code: 101, fields: { pid: 'u32', startTime: 'u64' } },
  /** The command runs. Sent to the client that asked and to all attached clients, and again at each restart. */
  started: { code: 102, fields: { pid: 'u32', startTime: 'u64', startedNs: 'u64' } },
  /** A step failed: its index in the plan (0xffffffff: none), errno, and words where errno does not say enough. */
  failed: { code: 103, fields: { step: 'u32', errno: 'i32', detail: 'str' } },
  /**
   * The container has ended. Sent to all clients, after the exit record is written and before the teardown. `signal` is
   * 0 if the process exited. Times are CLOCK_REALTIME.
   */
  exited: {
    code: 104,
    fields: { code: 'i32', signal: 'u32', oomKilled: 'u32', timedOut: 'u32', startedNs: 'u64', finishedNs: 'u64' },
  },
  attached: { code: 105, fields: { terminal: 'u32' } },
  stdout: { code: 106, fields: { data: 'bytes' } },
  stderr: { code: 107, fields: { data: 'bytes' } },
  stopping: { code: 108, fields: {} },
  /** `result`: a `checkAnswer` of MESSAGE_CODES. */
  checked: { code: 109, fields: { result: 'u32' } },
  replanned: { code: 130, fields: {} },
  forwarding: { code: 131, fields: {} },
} as const satisfies Readonly<Record<string, RecordShape>>;
