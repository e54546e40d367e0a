/** A network as templates see it: the fields of its file under Go's names. */
import type { Network } from '../../network/network-file.js';
import { fromJson, type JsonShape } from '../format/from-json.js';
import { struct, type GoStruct, type GoValue } from '../format/values.js';
import { shortId } from '../../util/short-id.js';

/** Names in Podman's code, and those in the file. */
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
};

const SHAPE: JsonShape = {
  maps: new Set(['labels', 'options', 'ipam_options']),
  times: new Set(['created']),
  typeOf: () => 'types.Network',
  aliasesOf: (names) => Object.fromEntries(Object.entries(ALIASES).filter(([, field]) => names.includes(field))),
};

/** Fields that a file may leave out are there all the same. */
const EMPTY = {
  network_interface: '',
  subnets: null,
  routes: null,
  network_dns_servers: null,
  labels: null,
  options: null,
  ipam_options: null,
};

/** As `inspect` shows it. */
export function networkStruct(network: Network): GoValue {
  return fromJson({ ...EMPTY, ...network }, SHAPE);
}

/** As `ls` shows it: ids cut, labels in one text. */
export function networkRow(network: Network, truncate: boolean): GoStruct {
  const whole = networkStruct(network) as GoStruct;
  const labels = Object.entries(network.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  const fields = Object.fromEntries(
    Object.entries(ALIASES).flatMap(([name, field]) =>
      Object.hasOwn(whole.fields, field) ? [[name, whole.fields[field]]] : [],
    ),
  );
  return struct('network', { ...fields, ID: networkId(network, truncate), Labels: labels.join(',') });
}

export function networkId({ id }: Network, truncate: boolean): string {
  return truncate ? shortId(id) : id;
}
