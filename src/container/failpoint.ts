/** Places where a test can have this process killed, as a crash or `kill -9` would: right after an effect and before what follows it. */

/** In the order in which a life passes them. */
export const FAILPOINTS = [
  'recorded',
  'root-prepared',
  'run-directory-made',
  'monitor-spawned',
  'plan-sent',
  'started',
  'pause-recorded',
  'frozen',
  'thawed',
  'stop-recorded',
  'stop-signal-sent',
  'stopped',
  'end-recorded',
  'removal-recorded',
  'files-removed',
  'record-deleted',
] as const;

export type Failpoint = (typeof FAILPOINTS)[number];

/** Obeyed in tests only, like the other variables of docs/architecture.md. */
const active = process.env['TSPOD_TEST'] === '1' ? process.env['TSPOD_FAILPOINT'] : undefined;

export function failpoint(name: Failpoint): void {
  if (name === active) process.kill(process.pid, 'SIGKILL');
}
