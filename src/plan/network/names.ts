/** Names of what a container has on the host: derived from its id, so that they are found again after a crash. */

/** Digits of the id in a link's name: with prefix and number it has 15 bytes at most. */
const ID_DIGITS = 11;

/** The host's end of a container's interface number `index`. */
export function hostLinkName(id: string, index: number): string {
  return `ts${id.slice(0, ID_DIGITS)}${index.toString(36)}`;
}

/** Files of the directory where the engine keeps what it knows of networks in use. */
export const NETWORK_FILES = {
  /** Held while bridges and rules are changed. */
  lock: 'lock',
  /** What a container was given, for as long as there is something to undo; its monitor holds its lock. */
  container: (id: string) => `container-${id}`,
  /** Of a bridge that an engine keeps, by the lock of this file, although no container is on it. */
  bridge: (name: string) => `bridge-${name}`,
  /** What aardvark-dns reads, while there is something to read. */
  names: 'dns',
  /** Held while that is changed, or the program started or ended. */
  namesLock: 'dns-lock',
  /** There while what they follow from has changed and they may not have. */
  namesStale: 'dns-stale',
} as const;

/** What marks the container's elements in the firewall's maps. */
export function ownerComment(id: string): string {
  return `container ${id}`;
}

/** The chains of one bridge. */
export interface BridgeChains {
  /** Of packets that come from it. */
  readonly from: string;
  /** Of packets that go to it. */
  readonly to: string;
  /** Of those that leave the host or come back to it. */
  readonly masquerade: string;
}

export function bridgeChains(bridge: string): BridgeChains {
  return { from: `from_${bridge}`, to: `to_${bridge}`, masquerade: `masquerade_${bridge}` };
}
