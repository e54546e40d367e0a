/** Flags of create and run: networks, ports and egress rules. */
import { invalid } from '../../errors/cli-error.js';
import { parseNetworks } from '../../parse/networks.js';
import type { CreateFlag, Draft } from './draft.js';

const NETWORK = 'Network';

export const networkFlags: readonly CreateFlag[] = [
  {
    name: 'network',
    aliases: ['net'],
    kind: 'items',
    value: 'mode',
    completion: 'networks',
    group: NETWORK,
    help: 'Network: bridge, none, host, container:NAME, ns:PATH, or NAME[:ip=,ip6=,mac=,alias=,interface_name=]',
    default: '$TSPOD_NETWORK or bridge',
    set: (draft, values) => {
      const parsed = parseNetworks(values);
      if (parsed === undefined) return;
      draft.network = parsed.mode;
      if (parsed.networks.length > 0) draft.networks = parsed.networks;
    },
  },
  {
    name: 'ip',
    kind: 'text',
    emptyCounts: true,
    value: 'address',
    group: NETWORK,
    help: 'IPv4 address, on a single network',
    set: (draft, value) => {
      draft.ip = value;
    },
  },
  {
    name: 'ip6',
    kind: 'text',
    emptyCounts: true,
    value: 'address',
    group: NETWORK,
    help: 'IPv6 address, on a single network',
    set: (draft, value) => {
      draft.ip6 = value;
    },
  },
  {
    name: 'mac-address',
    kind: 'text',
    emptyCounts: true,
    value: 'address',
    group: NETWORK,
    help: 'MAC address, on a single network',
    set: (draft, value) => {
      draft.macAddress = value;
    },
  },
  {
    name: 'network-alias',
    kind: 'list',
    value: 'name',
    group: NETWORK,
    help: 'Additional name of the container on its networks',
    set: (draft, items) => {
      draft.networkAliases = items;
    },
  },
  {
    name: 'publish',
    short: 'p',
    kind: 'items',
    value: '[[ip:][port]:]port[/proto]',
    group: NETWORK,
    help: 'Publish a port, or a range of ports, on the host',
    set: (draft, items) => {
      draft.publish = items.flatMap(splitPorts);
    },
  },
  {
    name: 'publish-all',
    short: 'P',
    kind: 'bool',
    group: NETWORK,
    help: 'Publish all exposed ports on free ports of the host',
    set: (draft, value) => {
      draft.publishAll = value;
    },
  },
  {
    name: 'expose',
    kind: 'list',
    value: 'port[/proto]',
    group: NETWORK,
    help: 'Port, or range of ports, that the container listens on',
    set: (draft, items) => {
      draft.expose = items;
    },
  },
  {
    name: 'egress',
    kind: 'items',
    value: 'allow=host[:port],...',
    group: NETWORK,
    help: 'Restrict outgoing traffic: allow= or deny=, then names, addresses, networks; with allow=, everything else is denied',
    set: (draft, items) => {
      for (const item of items) addEgress(draft, item);
    },
  },
];

/** Splits a list of ports at commas, except at those between the protocols of one port: `80,53/tcp,udp`. */
function splitPorts(text: string): string[] {
  return text.split(/,(?!(?:tcp|udp|sctp)\b)/i);
}

function addEgress(draft: Draft, item: string): void {
  const match = /^(allow|deny)=(.+)$/.exec(item);
  if (match === null) throw invalid(`--egress must be allow= or deny= and destinations, not ${JSON.stringify(item)}`);
  const kind = match[1] === 'allow' ? 'allow' : 'deny';
  const rules = (match[2] ?? '').split(',').filter((rule) => rule !== '');
  draft.egress = { ...draft.egress, [kind]: [...(draft.egress?.[kind] ?? []), ...rules] };
}
