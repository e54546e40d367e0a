/** Networks as templates see them: the fields of the network's file under Go's names, and its containers. */
import type { NetworkInspect } from '../../engine/networks/types.js';
import type { Network } from '../../network/network-file.js';
import { fromJson, type JsonShape } from '../format/from-json.js';
import { NIL_LIST, nilMap, struct, type GoStruct, type GoValue } from '../format/values.js';
import { shortId } from '../../util/short-id.js';

/** Names of fields in Podman's code, with the names in the file. */
const ALIASES: Readonly<Record<string, string>> = {
  Name: 'name',
  ID: 'id',
  Driver: 'driver',
  NetworkInterface: 'network_interface',
  Created: 'created',
  Subnets: 'subnets',
  Routes: 'routes',
  IPv6Enabled: 'ipv6_enabled',
  Internal: 'internal',
  DNSEnabled: 'dns_enabled',
  NetworkDNSServers: 'network_dns_servers',
  Labels: 'labels',
  Options: 'options',
  IPAMOptions: 'ipam_options',
  Subnet: 'subnet',
  Gateway: 'gateway',
  LeaseRange: 'lease_range',
  StartIP: 'start_ip',
  EndIP: 'end_ip',
  Destination: 'destination',
  Metric: 'metric',
  Containers: 'containers',
  Interfaces: 'interfaces',
  IPNet: 'ipnet',
  MacAddress: 'mac_address',
};

const TYPES: Readonly<Record<string, string>> = {
  subnets: 'types.Subnet',
  lease_range: '*types.LeaseRange',
  routes: 'types.Route',
  'containers[]': 'entities.NetworkContainerInfo',
  'interfaces[]': 'types.NetInterface',
};

/** Fields that templates may access even if the file omits them. */
const OPTIONAL: Readonly<Record<string, Readonly<Record<string, GoValue>>>> = {
  '': {
    network_interface: '',
    subnets: NIL_LIST,
    routes: NIL_LIST,
    network_dns_servers: NIL_LIST,
    labels: nilMap(),
    options: nilMap(),
    ipam_options: nilMap(),
  },
  subnets: { gateway: null, lease_range: null },
  lease_range: { start_ip: null, end_ip: null },
  routes: { metric: null },
};

const SHAPE: JsonShape = {
  maps: new Set(['labels', 'options', 'ipam_options', 'containers', 'interfaces']),
  zeros: { containers: null, interfaces: null },
  times: new Set(['created']),
  typeOf: (parent) => TYPES[parent] ?? 'types.Network',
  aliasesOf: () => ALIASES,
  optionalOf: (parent) => OPTIONAL[parent],
};

/** Returns the data for templates of `inspect`. */
export function networkStruct(network: Network | NetworkInspect): GoStruct {
  return fromJson(network, SHAPE) as GoStruct;
}

/** Returns the data for templates of `ls`: with short ids and the labels as one text. */
export function networkRow(network: Network, truncate: boolean): GoStruct {
  const { fields: given, optional = {} } = networkStruct(network);
  const whole = { ...optional, ...given };
  const labels = Object.entries(network.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  const fields = Object.fromEntries(
    Object.entries(ALIASES).flatMap(([name, field]) => (Object.hasOwn(whole, field) ? [[name, whole[field]]] : [])),
  );
  return struct('network', { ...fields, ID: networkId(network, truncate), Labels: labels.join(',') });
}

export function networkId({ id }: Network, truncate: boolean): string {
  return truncate ? shortId(id) : id;
}
