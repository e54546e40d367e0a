/** What can be asked about a container's network while it runs. */

/** An address of an interface in the container. */
export interface ContainerAddress {
  /** `eth0`. */
  readonly interface: string;
  /** `10.87.0.2/16`. */
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
  /** Where the address is valid: `global`, `link`, `host` (the loopback's); a number where there is no name. */
  readonly scope: string;
}

/** A route of the container. */
export interface ContainerRoute {
  readonly family: 'ipv4' | 'ipv6';
  /** `192.0.2.0/24`, or `default`. */
  readonly destination: string;
  /** Absent: the destination is on the interface's own network. */
  readonly gateway?: string;
  /** Absent: the route has no interface. */
  readonly interface?: string;
  /** The route with the smaller metric is preferred. */
  readonly metric: number;
}

/** What a rule of an egress list has counted since the container was started. */
export interface EgressCounter {
  /** The rule as it was given; `everything else` is what no rule names. */
  readonly rule: string;
  readonly action: 'allow' | 'deny';
  /** Allowed packets that begin a connection, or all denied packets. */
  readonly packets: number;
  /** Bytes of these packets. */
  readonly bytes: number;
}
