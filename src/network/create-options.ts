/** What a network is made from, and what of it can be changed. */
import type { NetworkDriver } from './network-file.js';

export interface NetworkSubnetOptions {
  /** `10.89.5.0/24`, `fd00:1::/64`. */
  readonly subnet: string;
  /** @default the first address */
  readonly gateway?: string;
  /** Where addresses are taken from: a network, or `FIRST-LAST`. @default all of the subnet */
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
  /** A letter or digit, then also _ . and -. @default the name of its bridge */
  readonly name?: string;
  /** @default 'bridge' */
  readonly driver?: NetworkDriver;
  /** @default one that overlaps neither another network nor an address or route of the host */
  readonly subnets?: readonly NetworkSubnetOptions[];
  /** Have an IPv6 subnet, too: a random local one unless `subnets` has one. @default false */
  readonly ipv6?: boolean;
  /** No way out. @default false */
  readonly internal?: boolean;
  /** Names of containers are not resolved. @default false */
  readonly disableDns?: boolean;
  /** Name servers that containers ask instead of the host's. @default the host's */
  readonly dnsServers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * Of the driver: mtu, metric, no_default_route; bridge: isolate (true, which is the default, false, strict); macvlan: parent, mode (bridge, private, vepa, passthru);
   * ipvlan: parent, mode (l2, l3, l3s).
   */
  readonly options?: Readonly<Record<string, string>>;
  /** Beside those that subnets and gateways make. @default none */
  readonly routes?: readonly NetworkRouteOptions[];
  /** Of the bridge, or the host's interface below a macvlan or ipvlan. @default tspod1, tspod2, ... (in a store elsewhere than the machine's from another number on); that of the default route */
  readonly interfaceName?: string;
  /** Who gives addresses: the engine, or nobody. @default 'host-local' */
  readonly ipamDriver?: 'host-local' | 'none';
  /** One of the same name is no error and stays as it is. @default false */
  readonly ignoreExisting?: boolean;
}

export interface NetworkUpdateOptions {
  /** Name servers to add. @default none */
  readonly addDnsServers?: readonly string[];
  /** Name servers to take away. @default none */
  readonly dropDnsServers?: readonly string[];
}
