/** The kinds of containers that the stress test makes. */
import type { CreateOptions } from '../../../src/index.js';
import type { Random } from '../random.js';
import { NAMES } from './protocol.js';

/** Ends on TERM, and otherwise never. */
const OBEDIENT = ['sh', '-c', 'trap "exit 7" TERM; echo up; while :; do sleep 0.05; done'];

const KINDS: readonly CreateOptions[] = [
  { command: OBEDIENT },
  { command: OBEDIENT },
  // deaf to TERM
  { command: ['sleep', '1000'] },
  { command: ['sh', '-c', 'sleep 0.1; echo done'] },
  { command: ['sh', '-c', 'sleep 0.1'], autoRemove: true },
  { command: ['sleep', '1000'], autoRemove: true },
  { command: ['sh', '-c', 'sleep 0.05; exit 3'], restart: { policy: 'on-failure', maxRetries: 2 } },
  { command: ['sh', '-c', 'sleep 0.05'], restart: { policy: 'always' } },
  { command: ['sleep', '1000'], health: { test: ['CMD', 'true'], intervalMs: 50 } },
  { command: ['sleep', '1000'], health: { test: ['CMD', 'false'], intervalMs: 50, retries: 1, onFailure: 'restart' } },
  { command: ['sleep', '1000'], ipc: 'shareable', tty: true },
  {
    command: ['sleep', '1000'],
    uidMaps: [{ containerId: 0, hostId: 100_000, size: 65_536 }],
    gidMaps: [{ containerId: 0, hostId: 200_000, size: 65_536 }],
  },
];

export function randomOptions(random: Random, { name, cgroupParent }: { name: string; cgroupParent: string }) {
  const kind = random.pick(KINDS);
  const requires = random.chance(0.15) ? [random.pick(NAMES)] : [];
  return {
    image: 'host:',
    network: 'none',
    cgroupParent,
    name,
    ...kind,
    ...(requires.length === 0 ? {} : { requires }),
  } satisfies CreateOptions;
}
