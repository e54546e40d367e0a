/** Who holds the locks of a store, and who waits for them: what to know when nothing goes on. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** `N: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE ...`; who waits has `->` before FLOCK. */
const LINE = /^\d+: (-> )?FLOCK +\S+ +\S+ (\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /;

/** One line for each holder and each waiter. `names`: what the processes are. */
export function describeLocks(runRoot: string, names: ReadonlyMap<number, string>): readonly string[] {
  const directory = join(runRoot, 'locks');
  const files = new Map(readdirSync(directory).flatMap((name) => inodeOf(join(directory, name), name)));
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, waits, pid = '', inode = ''] = LINE.exec(line) ?? [];
      const file = files.get(Number(inode));
      // Who waits may wait for a file that has been removed.
      if (file === undefined && !names.has(Number(pid))) return [];
      return [
        `lock ${file ?? `${inode}, removed,`} ${waits === undefined ? 'is held by' : 'is waited for by'} ${describe(Number(pid), names)}`,
      ];
    });
}

function inodeOf(path: string, name: string): readonly (readonly [number, string])[] {
  const entry = statSync(path, { throwIfNoEntry: false });
  return entry === undefined ? [] : [[entry.ino, name]];
}

function describe(pid: number, names: ReadonlyMap<number, string>): string {
  return `process ${pid} (${names.get(pid) ?? commandOf(pid)})`;
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return 'gone';
  }
}
