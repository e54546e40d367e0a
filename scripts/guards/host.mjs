/** Parameters of the machine that a test may change when a guard is off: they are put back. */
import { readFileSync, writeFileSync } from 'node:fs';

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
  return () => {
    for (const [name, value] of before) {
      if (value === undefined || valueOf(name) === value) continue;
      writeFileSync(`/proc/sys/${name}`, value);
      console.log(`  (put back: ${name})`);
    }
  };
}
