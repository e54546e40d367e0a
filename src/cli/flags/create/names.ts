/** Flags of create and run: /etc/hosts, /etc/hostname, /etc/resolv.conf. */
import type { DnsOptions } from '../../../spec/network/name-options.js';
import type { CreateFlag, Draft } from './draft.js';

const NAMES = 'Names';

export const nameFlags: readonly CreateFlag[] = [
  {
    name: 'add-host',
    kind: 'list',
    value: 'name[;name]:address',
    group: NAMES,
    help: "Add a line to /etc/hosts; the address may be host-gateway, the host's own",
    set: (draft, items) => {
      draft.addHosts = items;
    },
  },
  {
    name: 'hosts-file',
    kind: 'text',
    value: 'path',
    completion: 'file',
    default: '/etc/hosts',
    group: NAMES,
    help: "Base of /etc/hosts: a file of the host, image (the container's own), none",
    set: (draft, value) => {
      if (value !== '') draft.hostsFile = value;
    },
  },
  {
    name: 'no-hosts',
    kind: 'bool',
    group: NAMES,
    help: "Keep the container's own /etc/hosts",
    set: (draft, value) => {
      draft.noHosts = value;
    },
  },
  {
    name: 'no-hostname',
    kind: 'bool',
    group: NAMES,
    help: "Keep the container's own /etc/hostname",
    set: (draft, value) => {
      draft.noHostname = value;
    },
  },
  {
    name: 'dns',
    kind: 'list',
    value: 'address',
    group: NAMES,
    help: "Name server; none keeps the container's own /etc/resolv.conf",
    set: (draft, items) => {
      setDns(draft, { servers: items });
    },
  },
  {
    name: 'dns-search',
    kind: 'list',
    value: 'domain',
    group: NAMES,
    help: 'Domain to search; . for none',
    set: (draft, items) => {
      setDns(draft, { search: items });
    },
  },
  {
    name: 'dns-option',
    aliases: ['dns-opt'],
    kind: 'list',
    value: 'option',
    group: NAMES,
    help: 'Option of /etc/resolv.conf, such as ndots:2',
    set: (draft, items) => {
      setDns(draft, { options: items });
    },
  },
  {
    name: 'chrootdirs',
    kind: 'list',
    value: 'path',
    group: NAMES,
    help: 'Directory in the container that these files are also written to',
    set: (draft, items) => {
      draft.chrootDirs = items;
    },
  },
];

function setDns(draft: Draft, dns: DnsOptions): void {
  draft.dns = { ...draft.dns, ...dns };
}
