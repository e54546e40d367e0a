/**
 * What engine and monitor say to each other, over one SOCK_STREAM unix socket: frames of a u32 payload length, a u32 type (both little
 * endian) and the payload, whose fields are encoded like those of a plan. The same protocol is spoken on the socket that the
 * monitor is spawned with and on the attach socket; only the first takes `launch`.
 * `scripts/generate-plan.mjs` writes the codes to `native/plan/messages.gen.h`.
 */
import type { RecordShape } from '../util/wire.js';

/** Largest payload either side accepts; a plan may be as large. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** The numbers that fields of messages take: each table becomes an `enum class`, as those of `src/plan/codes.ts`. */
export const MESSAGE_CODES = {
  /** Passed; failed; the start-up check failed; not run: the container does not run, is frozen, or has no check. */
  checkAnswer: { passed: 0, failed: 1, failedStartup: 2, notRun: 3 },
} as const;

export const MESSAGES = {
  // engine or client -> monitor
  /** The plan; first and once. Answered by `created` (if the plan has a gate) or `started`, or `failed`. */
  launch: { code: 1, fields: { plan: 'bytes' } },
  /** Opens the start gate, if it is closed. Answered by `started`, also where that was earlier, or `failed`. */
  start: { code: 2, fields: {} },
  /**
   * From now on send output; `stdin` 1: this client may send input. Sent again, it replaces the wish. Answered by `attached`, or `failed` (EUSERS: too
   * many are attached).
   */
  attach: { code: 3, fields: { stdin: 'u32', stdout: 'u32', stderr: 'u32' } },
  /** Input. While the container does not read, the monitor does not read this client: what must not wait needs another connection. */
  stdin: { code: 4, fields: { data: 'bytes' } },
  /** No input follows: the pipe is closed after what was sent; at a terminal in canonical mode the end-of-file character is typed. */
  stdinEnd: { code: 5, fields: {} },
  resize: { code: 6, fields: { rows: 'u32', columns: 'u32' } },
  /**
   * The user stops the container: no restart after its end, a pending one is called off. An exec is killed with all that it has started, as at its time
   * limit. Answered by `stopping`.
   */
  stop: { code: 7, fields: {} },
  /**
   * The user has sent a signal: its policy restarts the container no more, until it becomes another one, and a pending restart by it is called off.
   * A check still may. Answered by `stopping`.
   */
  dropPolicy: { code: 11, fields: {} },
  /** Close and open the log file again under its path. */
  reopenLog: { code: 8, fields: {} },
  /** Run the health check now. Answered by `checked`, with the result of a check that began after this was said. */
  check: { code: 9, fields: {} },
  /**
   * Takes the plan in the file `next` of the run directory: its restart policy counts at once, the rest from the next launch on, and its
   * teardown at the end. Answered by `replanned`, or `failed` (EBADF: a restart would need descriptors that were closed after the start).
   */
  replan: { code: 30, fields: {} },
  /** The container is started again after its end: the teardown removes no tree. */
  keepTrees: { code: 10, fields: {} },
  /**
   * Forwards connections to published ports on ::1 to these addresses of the container from now on, tried in this order.
   * Answered by `forwarding`.
   */
  forward: { code: 31, fields: { addresses: 'strs' } },
  // monitor -> engine or client
  created: { code: 101, fields: { pid: 'u32', startTime: 'u64' } },
  /** The command runs; to who asked and to all attached clients, and again at each restart. */
  started: { code: 102, fields: { pid: 'u32', startTime: 'u64', startedNs: 'u64' } },
  /** The step that failed: its index in the plan (0xffffffff: none), errno, and words where errno does not say enough. */
  failed: { code: 103, fields: { step: 'u32', errno: 'i32', detail: 'str' } },
  /** The end (after the exit record is written, before the teardown), to all clients: `signal` 0 if it exited. Times are CLOCK_REALTIME. */
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
