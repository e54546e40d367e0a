/** Networks. */
import { edit, tests } from './entry.mjs';

const FIREWALL = 'src/plan/network/firewall.ts';
const ATTACH = 'src/plan/network/attach.ts';

export const NETWORKS = [
  {
    name: 'a bridge accepts no router advertisements',
    edits: [
      edit(
        ATTACH,
        "set(`net/ipv6/conf/${hostInterface}/accept_ra`, '0');",
        "set(`net/ipv6/conf/${hostInterface}/accept_ra`, '2');",
      ),
    ],
    tests: tests('security/network.test.ts', 'network: a container that says that it is the router'),
  },
  {
    name: 'a network without IPv6 has IPv6 disabled',
    edits: [edit(ATTACH, "{ namespaceSlot, key, value: '1' }", "{ namespaceSlot, key, value: '0' }")],
    tests: tests('security/network.test.ts', 'network: one without IPv6 gives'),
  },
  {
    name: 'a published port is one of the host’s addresses',
    edits: [edit(FIREWALL, "[destinationType(), compare('equal', LOCAL), jump('published')]", "[jump('published')]")],
    tests: tests('security/network.test.ts', 'network: what goes through the host to others'),
  },
  {
    name: 'nobody on a bridge reaches 127.0.0.0/8',
    edits: [
      edit(
        FIREWALL,
        "compare('equal', LOOPBACK_IP),\n        verdict('drop'),",
        "compare('equal', LOOPBACK_IP),\n        verdict('accept'),",
      ),
    ],
    tests: tests('security/network.test.ts', 'network: a port of the host’s loopback'),
  },
  {
    name: 'from and to an internal network nothing is forwarded',
    edits: [
      edit(
        FIREWALL,
        "[...linkIs('outName', hostInterface), verdict('accept')]];\n  if (internal) return [...rules, [counter(), verdict('drop')]];",
        "[...linkIs('outName', hostInterface), verdict('accept')]];\n  if (internal) return rules;",
      ),
      edit(
        FIREWALL,
        "[...linkIs('inName', hostInterface), verdict('accept')]];\n  if (internal) return [...rules, [counter(), verdict('drop')]];",
        "[...linkIs('inName', hostInterface), verdict('accept')]];\n  if (internal) return rules;",
      ),
    ],
    tests: tests('system/networks/network.test.ts', 'an internal network has no way out'),
  },
  {
    name: 'networks are put into the namespace that the monitor holds',
    edits: [
      edit(
        'src/container/network/namespace.ts',
        'return networkNamespace === undefined || inode === networkNamespace;',
        'return networkNamespace === undefined || inode > 0n;',
      ),
    ],
    tests: tests(
      'security/network.test.ts',
      'network: a container that has left its network namespace',
      'network: a container with a user namespace that has left',
      'network: a container of another OCI runtime that has left',
    ),
  },
  {
    name: 'the name of a network is letters, digits and a few signs',
    edits: [edit('src/network/create.ts', 'if (!isName(name)) {', "if (name === '') {")],
    tests: tests('system/cli/network.test.ts', 'network create: hostile input is refused'),
  },
];
