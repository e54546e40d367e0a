/** Telling a monitor that there are to be no more restarts. */
import { openProcess } from '../../native/process-handle.js';
import type { ProcessRef } from '../../plan/context.js';
import { signalProcess } from './signal-process.js';
import { wakeProcess } from './wake.js';

/** How long a monitor may take to answer. While it launches its container anew it does not, and others can hold that up: a hook, or who shares the container's processes. */
const PATIENCE_MS = 5000;

export interface CallOff {
  /** It may be in the middle of a restart: SIGTERM calls that off. Of a container that runs it would be the end. */
  readonly isRelaunching: boolean;
  /** It is killed if nothing else helps, and with it dies what it was about to make. @default false */
  readonly force?: boolean | undefined;
}

/** Waits for the answer of a monitor that has been told so. */
export async function untilCalledOff(answer: Promise<boolean>, ref: ProcessRef, how: CallOff): Promise<void> {
  if (await comesWithin(answer, PATIENCE_MS)) return;
  using monitor = openProcess(ref.pid, ref.startTime);
  if (monitor !== undefined) {
    wakeProcess(monitor);
    if (how.isRelaunching) signalProcess(monitor, 'SIGTERM');
    if (how.force === true && !(await comesWithin(answer, PATIENCE_MS))) signalProcess(monitor, 'SIGKILL');
  }
  await answer;
}

async function comesWithin(answer: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  try {
    return await Promise.race([answer.then(() => true), over]);
  } finally {
    clearTimeout(timer);
  }
}
