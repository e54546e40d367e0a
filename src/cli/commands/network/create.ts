import type {
  NetworkCreateOptions,
  NetworkRouteOptions,
  NetworkSubnetOptions,
} from '../../../network/create-options.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command, Invocation } from '../../command-parts/definition.js';
import { parseLabels, parsePairs } from '../../parse/key-values.js';

export const command: Command = {
  name: 'create',
  summary: 'Create networks for containers',
  description:
    'Writes the configuration of a network and prints its name. Links and rules are created when the first container on it starts.',
  usage: '[options] [NAME]',
  examples: [
    'network create web',
    'network create --subnet 192.168.55.0/24 --gateway 192.168.55.1 --ipv6 web',
    'network create --internal --opt isolate=true db',
    'network create --driver macvlan --opt parent=eth0 --subnet 192.0.2.0/24 lan',
  ],
  flags: [
    { name: 'disable-dns', kind: 'bool', help: 'Do not resolve names of containers' },
    { name: 'dns', kind: 'list', value: 'address', help: "Name server that containers ask instead of the host's" },
    {
      name: 'driver',
      short: 'd',
      kind: 'text',
      value: 'name',
      default: 'bridge',
      completion: ['bridge', 'macvlan', 'ipvlan'],
      help: 'bridge, macvlan, ipvlan',
    },
    { name: 'gateway', kind: 'list', value: 'address', help: 'Gateway of a --subnet, in the same order' },
    { name: 'ignore', kind: 'bool', help: 'Accept an existing one of this name' },
    {
      name: 'interface-name',
      kind: 'text',
      value: 'name',
      help: "Name of the bridge, or the host's interface below a macvlan or ipvlan",
    },
    { name: 'internal', kind: 'bool', help: 'Isolate the network: no traffic in or out' },
    {
      name: 'ip-range',
      kind: 'items',
      value: 'range',
      help: 'Range of a --subnet that addresses are taken from: CIDR, or FIRST-LAST',
    },
    {
      name: 'ipam-driver',
      kind: 'text',
      value: 'name',
      completion: ['host-local', 'none'],
      help: 'Source of addresses: host-local, none',
    },
    { name: 'ipv6', kind: 'bool', help: 'Add an IPv6 subnet' },
    { name: 'label', kind: 'items', value: 'key=value', help: 'Set metadata on the network' },
    {
      name: 'opt',
      short: 'o',
      kind: 'items',
      value: 'key=value',
      help: 'Driver option: mtu, metric, no_default_route, isolate, parent, mode',
    },
    { name: 'route', kind: 'items', value: 'destination,gateway[,metric]', help: 'Static route in the containers' },
    { name: 'subnet', kind: 'items', value: 'cidr', help: 'Subnet; may be given for each family, and more than once' },
  ],
  completion: [[]],
  check: ({ args }) => {
    if (args.length > 1) throw invalid(`accepts at most 1 arg(s), received ${args.length}`);
  },
  run: async (context, invocation) => {
    const engine = await context.engine();
    const { name } = await engine.networks.create(createOptions(invocation));
    await context.out(`${name}\n`);
    return 0;
  },
};

function createOptions({ flags, args }: Invocation): NetworkCreateOptions {
  const [name] = args;
  const driver = flags.text('driver');
  const interfaceName = flags.text('interface-name');
  const ipamDriver = flags.text('ipam-driver');
  if (flags.bool('ignore') && name === undefined) throw invalid('--ignore needs a name');
  if (ipamDriver === 'dhcp') throw invalid('unsupported ipam driver "dhcp": there is no DHCP client');
  return {
    ...(name === undefined ? {} : { name }),
    ...(driver === undefined ? {} : { driver: driver as NonNullable<NetworkCreateOptions['driver']> }),
    ...(interfaceName === undefined ? {} : { interfaceName }),
    ...(ipamDriver === undefined ? {} : { ipamDriver: ipamDriver as NonNullable<NetworkCreateOptions['ipamDriver']> }),
    subnets: readSubnets(flags.list('subnet'), { gateways: flags.list('gateway'), ranges: flags.list('ip-range') }),
    ipv6: flags.bool('ipv6'),
    internal: flags.bool('internal'),
    disableDns: flags.bool('disable-dns'),
    dnsServers: flags.list('dns'),
    labels: parseLabels(flags.list('label')),
    options: parsePairs(flags.list('opt'), (item) => `option ${JSON.stringify(item)} must be formatted KEY=VALUE`),
    routes: flags.list('route').map((text) => readRoute(text)),
    ignoreExisting: flags.bool('ignore'),
  };
}

/**
 * Combines subnets with gateways and ranges by position: the first gateway and range belong to the first subnet, and so
 * on.
 */
function readSubnets(
  subnets: readonly string[],
  { gateways, ranges }: { readonly gateways: readonly string[]; readonly ranges: readonly string[] },
): readonly NetworkSubnetOptions[] {
  if (subnets.length === 0 && gateways.length + ranges.length > 0)
    throw invalid('cannot set gateway or range without subnet');
  if (gateways.length > subnets.length || ranges.length > subnets.length)
    throw invalid('gateway and ip range must have the same length as subnet, or less');
  return subnets.map((subnet, index) => {
    const [gateway, ipRange] = [gateways[index], ranges[index]];
    return { subnet, ...(gateway === undefined ? {} : { gateway }), ...(ipRange === undefined ? {} : { ipRange }) };
  });
}

function readRoute(text: string): NetworkRouteOptions {
  const [destination = '', gateway, metric, ...more] = text.split(',');
  if (gateway === undefined || more.length > 0)
    throw invalid(`invalid route: ${text}\nFormat: --route <destination in CIDR>,<gateway>,<metric (optional)>`);
  if (metric !== undefined && !/^\d{1,10}$/.test(metric)) throw invalid(`invalid route metric ${metric}`);
  return { destination, gateway, ...(metric === undefined ? {} : { metric: Number(metric) }) };
}
