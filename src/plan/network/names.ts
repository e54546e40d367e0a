/**
 * Names of a container's links, files and firewall entries on the host: derived from its id, so that they are found
 * again after a crash.
 */

/** Digits of the id in a link's name, which has at most 15 bytes with prefix and number. */
const ID_DIGITS = 11;

/** Name of the link that is the host's end of the container's interface number `index`. */
export function hostLinkName(id: string, index: number): string {
  return `ts${id.slice(0, ID_DIGITS)}${index.toString(36)}`;
}

/** Names of files in the directory where the engine records the networks in use. */
export const NETWORK_FILES = {
  /** Lock that is held while bridges and rules are changed. */
  lock: 'lock',
  /**
   * Record of what a container was given, which exists for as long as there is something to undo; the container's
   * monitor holds its lock.
   */
  container: (id: string) => `container-${id}`,
  /** An engine that keeps a bridge, although no container is on it, holds the lock of this file. */
  bridge: (name: string) => `bridge-${name}`,
  /** Directory that aardvark-dns reads; it exists while there is something to read. */
  names: 'dns',
  /** Lock that is held while that directory is changed, or aardvark-dns is started or ended. */
  namesLock: 'dns-lock',
  /** Exists while the records that the names are made from have changed and the names may be out of date. */
  namesStale: 'dns-stale',
} as const;

/** Comment that marks the container's elements in the firewall's maps. */
export function ownerComment(id: string): string {
  return `container ${id}`;
}

/** Names of the chains of one bridge. */
export interface BridgeChains {
  /** For packets that come from the bridge. */
  readonly from: string;
  /** For packets that go to the bridge. */
  readonly to: string;
  /** For packets that leave the host, or return to the bridge's own subnet. */
  readonly masquerade: string;
}

export function bridgeChains(bridge: string): BridgeChains {
  return { from: `from_${bridge}`, to: `to_${bridge}`, masquerade: `masquerade_${bridge}` };
}
