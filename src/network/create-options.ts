/** Options for creating a network, and for changing it. */
import type { NetworkDriver } from './network-file.js';

export interface NetworkSubnetOptions {
  /** `10.89.5.0/24`, `fd00:1::/64`. */
  readonly subnet: string;
  /** @default the first address */
  readonly gateway?: string;
  /** Addresses for containers: a network, or `FIRST-LAST`. @default all of the subnet */
  readonly ipRange?: string;
}

export interface NetworkRouteOptions {
  /** `192.0.2.0/24`. */
  readonly destination: string;
  readonly gateway: string;
  /** @default the kernel's */
  readonly metric?: number;
}

export interface NetworkCreateOptions {
  /** A letter or digit, followed by letters, digits, _ . and -. @default the name of its bridge */
  readonly name?: string;
  /** @default 'bridge' */
  readonly driver?: NetworkDriver;
  /** @default a subnet that overlaps neither another network nor an address or route of the host */
  readonly subnets?: readonly NetworkSubnetOptions[];
  /** Also has an IPv6 subnet: a random local one unless `subnets` has one. @default false */
  readonly ipv6?: boolean;
  /** No route out of the network. @default false */
  readonly internal?: boolean;
  /** Container names are not resolved on this network. @default false */
  readonly disableDns?: boolean;
  /** Name servers that containers ask instead of the host's. @default the host's */
  readonly dnsServers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * Options of the driver: mtu, metric, no_default_route; bridge: isolate (true, which is the default, false, strict);
   * macvlan: parent, mode (bridge, private, vepa, passthru); ipvlan: parent, mode (l2, l3, l3s).
   */
  readonly options?: Readonly<Record<string, string>>;
  /** Routes in addition to those of subnets and gateways. @default none */
  readonly routes?: readonly NetworkRouteOptions[];
  /**
   * Name of the bridge, or of the host's interface below a macvlan or ipvlan. @default bridge: tspod1, tspod2, ...
   * (starting at another number if the networks' directory is not the host's); macvlan, ipvlan: the interface of the
   * default route
   */
  readonly interfaceName?: string;
  /** Who assigns addresses: the engine, or nobody. @default 'host-local' */
  readonly ipamDriver?: 'host-local' | 'none';
  /** An existing network of the same name is no error, and is left as it is. @default false */
  readonly ignoreExisting?: boolean;
}

export interface NetworkUpdateOptions {
  /** Name servers to add. @default none */
  readonly addDnsServers?: readonly string[];
  /** Name servers to remove. @default none */
  readonly dropDnsServers?: readonly string[];
}
