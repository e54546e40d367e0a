/** Children that the addon has started. libuv does not know of them, so they are reaped here, through their pidfds. */
import { abortedError, whenAborted } from './abort.js';
import { binding, WATCH_READ } from './binding.js';
import { isFailure, NativeError, unwrap } from './native-error.js';

/** How a process ended. */
export interface ProcessEnd {
  /** Exit code; -1 when a signal ended it. */
  readonly code: number;
  /** The signal that ended the process; 0: none. */
  readonly signal: number;
}

export interface ChildProcess {
  readonly pid: number;
  /**
   * Resolves with how the child ended. Keeps this process alive until then. TspodError ABORTED when the signal aborts.
   */
  ended(options?: { readonly signal?: AbortSignal }): Promise<ProcessEnd>;
}

/**
 * Takes ownership of a child: it is reaped at its end, and its pidfd closed. This does not keep this process alive:
 * init reaps children that are left.
 */
export function adoptChild(pid: number, pidfd: number): ChildProcess {
  let watch: number | undefined;
  const end = new Promise<ProcessEnd>((resolve, reject) => {
    watch = unwrap(
      binding().watch(
        pidfd,
        () => {
          const result = binding().reap(pidfd);
          if (result === null || watch === undefined) return;
          binding().unwatch(watch);
          watch = undefined;
          binding().closeFd(pidfd);
          if (isFailure(result)) reject(new NativeError(result));
          else resolve(result);
        },
        true,
      ),
    );
    binding().watchRef(watch, false);
    binding().watchEvents(watch, WATCH_READ);
  });
  end.catch(() => {}); // nobody needs to ask
  let asking = 0;
  const ask = (change: 1 | -1) => {
    asking += change;
    if (watch !== undefined) binding().watchRef(watch, asking > 0);
  };
  return {
    pid,
    ended: async ({ signal } = {}) => {
      let forget = () => {};
      ask(1);
      try {
        return await new Promise<ProcessEnd>((resolve, reject) => {
          end.then(resolve, reject);
          forget = whenAborted(signal, () => {
            if (signal !== undefined) reject(abortedError(`wait for process ${pid}`, signal));
          });
        });
      } finally {
        forget();
        ask(-1);
      }
    },
  };
}
