/** What can be asked about a container's network while it runs. */

/** An address of an interface in the container. */
export interface ContainerAddress {
  /** `eth0`. */
  readonly interface: string;
  /** `10.87.0.2/16`. */
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
  /** Who it is known to: `global`, `link`, `host` (the loopback's); a number where there is no name. */
  readonly scope: string;
}

/** A route of the container. */
export interface ContainerRoute {
  readonly family: 'ipv4' | 'ipv6';
  /** `192.0.2.0/24`, or `default`. */
  readonly destination: string;
  /** Absent: on the interface's own network. */
  readonly gateway?: string;
  /** Absent: none. */
  readonly interface?: string;
  /** Smaller goes first. */
  readonly metric: number;
}

/** What a rule of an egress list has counted since the container was started. */
export interface EgressCounter {
  /** As it was given; `everything else` is what no rule names. */
  readonly rule: string;
  readonly action: 'allow' | 'deny';
  /** Of allowed ones those that begin a connection, of denied ones all. */
  readonly packets: number;
  /** Of these packets. */
  readonly bytes: number;
}
