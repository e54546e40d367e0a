/** Reading /proc/PID/stat (proc_pid_stat(5)). */
import { readIfThere } from './if-there.js';

/** Clock ticks per second in /proc: USER_HZ, the same on all machines that Node runs on. */
const TICKS_PER_SECOND = 100;
const MS_PER_TICK = 1000 / TICKS_PER_SECOND;

export interface ProcessStat {
  /** State of the process: a letter. */
  readonly state: string;
  readonly parent: number;
  readonly processGroup: number;
  /** Device number of the terminal; 0: none. */
  readonly terminal: number;
  /** PF_* bits (linux/sched.h). */
  readonly flags: number;
  readonly cpuMs: number;
  readonly nice: number;
  /** Start time in clock ticks since boot: together with the pid it identifies the process. */
  readonly startTime: bigint;
  /** Start time in milliseconds since boot. */
  readonly startedMs: number;
  readonly virtualBytes: number;
}

export function parseProcessStat(text: string): ProcessStat {
  // The second field is the program's name in parentheses, which may contain any characters; the text after it begins
  // with field 3.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3] ?? 0);
  return {
    state: fields[0] ?? '',
    parent: field(4),
    processGroup: field(5),
    terminal: field(7),
    flags: field(9),
    cpuMs: (field(14) + field(15)) * MS_PER_TICK,
    nice: field(19),
    startTime: BigInt(fields[22 - 3] ?? -1),
    startedMs: field(22) * MS_PER_TICK,
    virtualBytes: field(23),
  };
}

/**
 * Returns the status of a process; undefined if there is no such process, or only its zombie: that has ended, and waits
 * for a parent that may be slow to reap it, such as the one that inherits the children of a killed monitor. Any other
 * error is thrown: a caller without descriptors must not take a running process for dead.
 */
export function readProcessStat(pid: number): ProcessStat | undefined {
  const text = readIfThere(`/proc/${pid}/stat`);
  const stat = text === undefined ? undefined : parseProcessStat(text);
  return stat?.state === 'Z' || stat?.state === 'X' ? undefined : stat;
}
