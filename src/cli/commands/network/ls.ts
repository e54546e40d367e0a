import type { Network } from '../../../network/network-file.js';
import type { Command } from '../../command-parts/definition.js';
import { noArguments } from '../../command-parts/no-arguments.js';
import { formatFlag } from '../../flags/format.js';
import { jsonText } from '../../terminal/escape.js';
import { tableText } from '../../format/columns.js';
import { isJsonFormat, renderReport } from '../../format/report.js';
import { networkId, networkRow } from '../../rows/network.js';
import { parseFilters } from '../../parse/filters.js';

const HEADINGS = {
  Name: 'NAME',
  ID: 'NETWORK ID',
  Driver: 'DRIVER',
  NetworkInterface: 'NETWORK INTERFACE',
  Created: 'CREATED',
  Subnets: 'SUBNETS',
  Routes: 'ROUTES',
  IPv6Enabled: 'IPV6 ENABLED',
  Internal: 'INTERNAL',
  DNSEnabled: 'DNS ENABLED',
  NetworkDNSServers: 'NETWORK DNS SERVERS',
  Labels: 'LABELS',
  Options: 'OPTIONS',
  IPAMOptions: 'IPAM OPTIONS',
};

export const command: Command = {
  name: 'ls',
  summary: 'List networks',
  description: 'Lists the networks configured in the network directory, and the default network.',
  usage: '[options]',
  examples: ['network ls', "network ls --filter driver=bridge --format '{{.Name}} {{.Subnets}}'"],
  flags: [
    {
      name: 'filter',
      short: 'f',
      kind: 'items',
      value: 'name=value',
      help: 'Show those that match: name, id, driver, label, label!, dangling, until',
    },
    formatFlag('json', 'table'),
    { name: 'no-trunc', kind: 'bool', help: 'Do not truncate ids' },
    { name: 'noheading', short: 'n', kind: 'bool', help: 'Do not print headings' },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Print names only' },
  ],
  completion: [[]],
  check: ({ args }) => noArguments(args, 'network ls'),
  run: async (context, { flags }) => {
    const engine = await context.engine();
    const networks = engine.networks.list({ filters: parseFilters(flags.list('filter'), 'any') });
    const truncate = !flags.bool('no-trunc');
    const heading = !flags.bool('noheading');
    const format = flags.text('format') ?? '';
    if (flags.bool('quiet')) await context.out(networks.map(({ name }) => `${name}\n`).join(''));
    else if (isJsonFormat(format)) await context.out(`${jsonText(networks, 2)}\n`);
    else if (format !== '') {
      const rows = networks.map((network) => networkRow(network, truncate));
      await context.out(renderReport({ name: 'ls', format, rows, headings: HEADINGS, heading }));
    } else
      await context.out(
        tableText([...(heading ? [['NETWORK ID', 'NAME', 'DRIVER']] : []), ...cells(networks, truncate)]),
      );
    return 0;
  },
};

function cells(networks: readonly Network[], truncate: boolean): string[][] {
  return networks.map((network) => [networkId(network, truncate), network.name, network.driver]);
}
