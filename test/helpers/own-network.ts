/** A host of the test's own, as far as networks go: a network namespace in which its commands run, so that nothing touches the machine's. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import type { ExecutionContext } from 'ava';

import { createNamespace } from '../../src/native/namespace-create.js';
import { listLinks, setLink } from '../../src/native/netlink/links.js';
import { storeOf } from './cli.js';
import { ownTurn } from './turn.js';

const runFile = promisify(execFile);

export interface OwnNetwork {
  /** Runs a program there; what it writes. */
  readonly run: (program: string, ...args: readonly string[]) => Promise<string>;
  /** What `nft` says of tspod's table. */
  readonly rules: () => Promise<string>;
  /** Names of links, but for the loopback. */
  readonly links: () => Promise<readonly string[]>;
}

/** From now on the test's commands run in it. */
export async function ownNetwork(t: ExecutionContext<unknown>): Promise<OwnNetwork> {
  const { net, enter } = await ownNamespace(t);
  const inside = { net };
  storeOf(t).prefix = enter;
  const [command = '', ...words] = enter;
  const run = async (program: string, ...args: readonly string[]): Promise<string> => {
    // A package of npm has a program called nft.
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
    return (await runFile(command, [...words, program, ...args], { env })).stdout;
  };
  return {
    run,
    rules: () => run('nft', 'list', 'table', 'inet', 'tspod'),
    links: async () =>
      (await listLinks({ inside }))
        .map(({ name }) => name)
        .filter((name) => name !== 'lo' && !/^(sit|tunl|ip6tnl|gre|erspan)/.test(name)),
  };
}

/** A network namespace of the test's own, and the words before a command that runs in it. */
export async function ownNamespace(t: ExecutionContext<unknown>) {
  await ownTurn(t);
  const net = await createNamespace('net');
  t.teardown(() => {
    net.close();
  });
  await setLink('lo', { up: true, inside: { net } });
  return { net, enter: ['nsenter', `--net=/proc/${process.pid}/fd/${net.fd}`] };
}
