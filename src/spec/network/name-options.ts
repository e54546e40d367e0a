/**
 * Options about names: the content of the /etc/hosts, /etc/hostname and /etc/resolv.conf that the engine writes, and
 * the places where it puts these files.
 */
import type { ShapeOf } from '../checks/shape.js';

export interface DnsOptions {
  /** Addresses of DNS servers; 'none' alone keeps the container's own /etc/resolv.conf. @default the host's */
  readonly servers?: readonly string[];
  /** Search domains; '.' for none. @default the host's */
  readonly search?: readonly string[];
  /** Options of resolv.conf(5): ndots:2 and so on. @default the host's */
  readonly options?: readonly string[];
}

export interface NameOptions {
  /**
   * Lines for /etc/hosts: NAME:ADDRESS, several names separated by `;`. The address may be `host-gateway`: an address
   * of the host.
   * @default none
   */
  readonly addHosts?: readonly string[];
  /**
   * File that /etc/hosts begins with: an absolute path on the host, `image` for the container's own, or `none`.
   * @default '/etc/hosts'
   */
  readonly hostsFile?: string;
  /** Whether the container keeps its own /etc/hosts. @default false */
  readonly noHosts?: boolean;
  /** Whether the container keeps its own /etc/hostname. @default false */
  readonly noHostname?: boolean;
  /** DNS settings; not with network `none`, `private` and `container:`. */
  readonly dns?: DnsOptions;
  /**
   * Directories in the container that get the engine's files as well, because programs change their root to them.
   * @default none
   */
  readonly chrootDirs?: readonly string[];
}

export const NAME_SHAPE: ShapeOf<NameOptions> = {
  addHosts: 'strings',
  hostsFile: 'string',
  noHosts: 'boolean',
  noHostname: 'boolean',
  dns: 'object',
  chrootDirs: 'strings',
};

export const DNS_SHAPE: ShapeOf<DnsOptions> = { servers: 'strings', search: 'strings', options: 'strings' };

/** A line of /etc/hosts. */
export interface HostEntry {
  /** An IP address, or `host-gateway`. */
  readonly address: string;
  readonly names: readonly string[];
}

/** Options about names after validation, with every default applied. */
export interface NameConfig {
  /** Content of /etc/hosts. Absent: the container's own file. */
  readonly hosts?: {
    /** File that it begins with: a path on the host, `image` or `none`. */
    readonly base: string;
    readonly added: readonly HostEntry[];
  };
  readonly hostnameFile: boolean;
  /** Content of /etc/resolv.conf. `none`: the container's own file. */
  readonly dns:
    | 'none'
    | { readonly servers: readonly string[]; readonly search: readonly string[]; readonly options: readonly string[] };
  readonly chrootDirs: readonly string[];
}
