/**
 * Bridges that an engine keeps while it is open, although no container is on them: to remove one takes the kernel many times as long as to add a container,
 * and a program that runs one after the other would have it removed each time. A file tells which, and its lock that somebody keeps it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';

import { execute } from '../../native/execute.js';
import { tryLock, type FileLock } from '../../native/file-lock.js';
import { attachedBridges } from '../../plan/network/attach.js';
import { bridgesPlan } from '../../plan/network/detach.js';
import type { RemovableBridge } from '../../plan/network/firewall.js';
import { NETWORK_FILES } from '../../plan/network/names.js';
import { encodePlan } from '../../plan/encode.js';
import type { ContainerNetwork } from '../../spec/network/container-network.js';
import { requireGone } from '../../util/gone.js';

const PREFIX = NETWORK_FILES.bridge('');

interface KeptBridge {
  readonly bridge: RemovableBridge;
  readonly lock: FileLock;
}

/** The bridges that one engine keeps. */
export class BridgeKeeper {
  readonly #directory: string;
  readonly #kept = new Map<string, KeptBridge>();

  /** The directory of NETWORK_FILES. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Before a container is connected. What another engine keeps is kept. */
  keep(network: ContainerNetwork): void {
    for (const { hostInterface, isolation } of attachedBridges(network)) {
      const known = this.#kept.get(hostInterface);
      // A network that has come after one that was removed may have the same bridge.
      if (known?.bridge.isolation === isolation) continue;
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      const path = `${this.#directory}/${NETWORK_FILES.bridge(hostInterface)}`;
      const lock = known?.lock ?? tryLock(path);
      if (lock === undefined) continue;
      const bridge = { hostInterface, isolation };
      writeFileSync(path, JSON.stringify(bridge));
      this.#kept.set(hostInterface, { bridge, lock });
    }
  }

  /** Removes those that no container is on. Never fails: what stays, the next engine finds. */
  async release(): Promise<void> {
    const kept = [...this.#kept.values()];
    this.#kept.clear();
    await removeUnused(this.#directory, kept);
  }
}

/** Before its network is removed: another one with this bridge has rules of its own. Nothing is done while a container is on it. */
export async function removeBridge(directory: string, bridge: RemovableBridge): Promise<void> {
  // No container was ever on a network.
  if (!existsSync(directory)) return;
  await execute(encodePlan(bridgesPlan([bridge], directory, { evenKept: true })));
}

/** What engines have left that were killed. Costs a look at one directory where there is nothing. */
export async function removeLostBridges(directory: string): Promise<void> {
  const found = bridgeFiles(directory).flatMap((path) => {
    const lock = tryLock(path);
    const bridge = lock === undefined ? undefined : readBridge(path);
    if (lock !== undefined && bridge === undefined) lock.release();
    return lock === undefined || bridge === undefined ? [] : [{ bridge, lock }];
  });
  await removeUnused(directory, found);
}

function bridgeFiles(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.startsWith(PREFIX))
      .map((name) => `${directory}/${name}`);
  } catch (error) {
    requireGone(error);
    return []; // nothing was ever connected
  }
}

/** A file that its writer did not finish: the bridge was not made. */
function readBridge(path: string): RemovableBridge | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as RemovableBridge;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    unlinkSync(path);
    return undefined;
  }
}

/** The file goes first: a monitor that ends meanwhile removes the bridge, or we do. */
async function removeUnused(directory: string, kept: readonly KeptBridge[]): Promise<void> {
  if (kept.length === 0) return;
  for (const { lock } of kept) {
    unlinkSync(lock.path);
    lock.release();
  }
  const bridges = kept.map(({ bridge }) => bridge);
  await execute(encodePlan(bridgesPlan(bridges, directory))).catch(() => undefined);
}
