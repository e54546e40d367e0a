/** A process that may open few descriptors more: this one. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/** Calls with one descriptor left, then with two, and so on; fails unless the first ends by EMFILE and the last does not. What it gives is disposed. */
export async function withFewDescriptors(
  most: number,
  call: () => Disposable | undefined | Promise<Disposable>,
): Promise<void> {
  const codes: unknown[] = [];
  limitDescriptors(256);
  try {
    for (let left = 1; left <= most; left += 1) {
      const taken = takeAll();
      for (const fd of taken.splice(0, left)) closeSync(fd);
      try {
        (await call())?.[Symbol.dispose]();
        codes.push(undefined);
      } catch (error) {
        codes.push((error as NodeJS.ErrnoException).code);
      } finally {
        for (const fd of taken) closeSync(fd);
      }
    }
  } finally {
    limitDescriptors(4096);
  }
  if (codes[0] !== 'EMFILE' || codes.at(-1) !== undefined) throw new Error(`it ended by ${codes.join(', ')}`);
}

function limitDescriptors(soft: number): void {
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(process.pid), `--nofile=${soft}:`]);
  if (status !== 0) throw new Error(`prlimit: ${stderr.toString()}`);
}

function takeAll(): number[] {
  const taken: number[] = [];
  for (;;) {
    try {
      taken.push(openSync('/dev/null', 'r'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EMFILE') return taken;
      throw error;
    }
  }
}
