/**
 * Bridges that an engine keeps while it is open, although no container is on them. Removing a bridge takes the kernel
 * many times as long as adding a container, and a program that runs one container after the other would have it removed
 * each time. A file names each kept bridge; its lock is held by whoever keeps it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';

import { execute } from '../../native/execute.js';
import { tryLock, type FileLock } from '../../native/file-lock.js';
import { attachedBridges } from '../../plan/network/attach.js';
import { removeBridgesPlan } from '../../plan/network/detach.js';
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

  /** `directory`: that of NETWORK_FILES. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Keeps the bridges of a network, before a container is connected to it. Bridges that another engine keeps are left
   * to that.
   */
  keep(network: ContainerNetwork): void {
    for (const { hostInterface, isolation } of attachedBridges(network)) {
      const known = this.#kept.get(hostInterface);
      // A network may have the bridge of one that was removed.
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

  /** Removes the kept bridges that no container is on. Never fails: the next engine finds what stays. */
  async release(): Promise<void> {
    const kept = [...this.#kept.values()];
    this.#kept.clear();
    await removeUnused(this.#directory, kept);
  }
}

/**
 * Removes a bridge before its network is removed: another network with this bridge has rules of its own. Does nothing
 * while a container is on it.
 */
export async function removeBridge(directory: string, bridge: RemovableBridge): Promise<void> {
  // Without the directory, no container was ever on a network.
  if (!existsSync(directory)) return;
  await execute(encodePlan(removeBridgesPlan([bridge], directory, { evenKept: true })));
}

/** Removes the bridges that killed engines have left. Costs a look at one directory if there are none. */
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

/** Reads the file of a bridge. Returns undefined if its writer did not finish it: then the bridge was not made. */
function readBridge(path: string): RemovableBridge | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as RemovableBridge;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    unlinkSync(path);
    return undefined;
  }
}

/**
 * Removes the bridges that no container is on. The files go first: then a monitor that ends meanwhile removes the
 * bridge, or we do.
 */
async function removeUnused(directory: string, kept: readonly KeptBridge[]): Promise<void> {
  if (kept.length === 0) return;
  for (const { lock } of kept) {
    unlinkSync(lock.path);
    lock.release();
  }
  const bridges = kept.map(({ bridge }) => bridge);
  await execute(encodePlan(removeBridgesPlan(bridges, directory))).catch(() => undefined);
}
