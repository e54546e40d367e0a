/** Options about names: what the engine writes to /etc/hosts, /etc/hostname and /etc/resolv.conf, and where else it puts these files. */
import type { ShapeOf } from '../checks/shape.js';

export interface DnsOptions {
  /** Addresses; 'none' alone leaves the container's own /etc/resolv.conf. @default the host's */
  readonly servers?: readonly string[];
  /** Domains to search; '.' for none. @default the host's */
  readonly search?: readonly string[];
  /** As in resolv.conf(5): ndots:2 and so on. @default the host's */
  readonly options?: readonly string[];
}

export interface NameOptions {
  /** Lines for /etc/hosts: NAME:ADDRESS, several names with ; between them. The address may be `host-gateway`: the host's own. @default none */
  readonly addHosts?: readonly string[];
  /** What /etc/hosts begins with: an absolute path on the host, `image` for the container's own, `none`. @default '/etc/hosts' */
  readonly hostsFile?: string;
  /** Leave the container's own /etc/hosts. @default false */
  readonly noHosts?: boolean;
  /** Leave the container's own /etc/hostname. @default false */
  readonly noHostname?: boolean;
  /** Not with network `none`, `private` and `container:`. */
  readonly dns?: DnsOptions;
  /** Directories in the container that get the engine's files, too: programs change their root to them. @default none */
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
  /** Absent: the container's own file. */
  readonly hosts?: {
    /** A path on the host, `image` or `none`. */
    readonly base: string;
    readonly added: readonly HostEntry[];
  };
  readonly hostnameFile: boolean;
  /** `none`: the container's own file. */
  readonly dns:
    | 'none'
    | { readonly servers: readonly string[]; readonly search: readonly string[]; readonly options: readonly string[] };
  readonly chrootDirs: readonly string[];
}
