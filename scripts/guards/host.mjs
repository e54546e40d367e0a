/** What a test may change of the machine when a guard is off: it is put back. */
import { existsSync, readFileSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';

const NAMES = [
  'kernel/core_pattern',
  'kernel/sysrq',
  'kernel/modprobe',
  'kernel/hostname',
  'kernel/domainname',
  'kernel/shm_rmid_forced',
  'kernel/msgmax',
  'kernel/sem',
  'net/ipv4/ip_forward',
];

/** What two tests want to be made, behind a link to the top of the machine: a file, or directories. */
const STRAY = '/x';

/** Only what those would be: nothing that has something in it. */
function removeStray() {
  for (const remove of [() => rmdirSync(`${STRAY}/y`), () => rmdirSync(STRAY), unlinkIfTheirs]) {
    try {
      remove();
    } catch {
      // it is not there, or is something else
    }
  }
}

function unlinkIfTheirs() {
  if (readFileSync(STRAY, 'utf8') === 'x') unlinkSync(STRAY);
}

function valueOf(name) {
  try {
    return readFileSync(`/proc/sys/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}

/** Answers a function that puts back what is no longer as it is now. */
export function keepHost() {
  const before = NAMES.map((name) => [name, valueOf(name)]);
  const isKept = existsSync(STRAY);
  return () => {
    if (!isKept) removeStray();
    for (const [name, value] of before) {
      if (value === undefined || valueOf(name) === value) continue;
      writeFileSync(`/proc/sys/${name}`, value);
      console.log(`  (put back: ${name})`);
    }
  };
}
