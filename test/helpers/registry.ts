/** A real registry (Debian's docker-registry) on the loopback interface, for one test. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ExecutionContext } from 'ava';

import { temporaryDirectory } from './temp.js';

export interface RegistryOptions {
  /** With certificates of an authority of its own. */
  readonly tls?: boolean;
  /** Wants a login: USER and PASSWORD. */
  readonly auth?: boolean;
  /** Words before its command: where it runs. */
  readonly prefix?: readonly string[];
}

export interface TestRegistry {
  /** As references name it: 127.0.0.1:PORT. */
  readonly host: string;
  /** Has ca.crt, as `--cert-dir` wants it. */
  readonly certDirectory: string;
}

export const USER = 'tester';
export const PASSWORD = 'secret';
/** bcrypt of PASSWORD, as htpasswd makes it. */
const HTPASSWD = `${USER}:$2y$05$xYx5nnkcWT2BQzcJOXqcB.CIEWdilgP7wcIsttW/DlRbIYqbipLaG\n`;

/** A test that uses it requires 'docker-registry', and 'openssl' for TLS. */
export async function startRegistry(
  t: ExecutionContext<unknown>,
  options: RegistryOptions = {},
): Promise<TestRegistry> {
  const directory = temporaryDirectory(t);
  const certDirectory = join(directory, 'certs');
  mkdirSync(certDirectory);
  if (options.tls === true) makeCertificates(directory);
  if (options.auth === true) writeFileSync(join(directory, 'htpasswd'), HTPASSWD);
  // JSON is YAML.
  writeFileSync(join(directory, 'config.yml'), JSON.stringify(configuration(directory, options)));
  // It goes with this process, also when a time limit ends that.
  const command = ['setpriv', '--pdeathsig', 'KILL', 'docker-registry', 'serve', join(directory, 'config.yml')];
  const [program = '', ...words] = [...(options.prefix ?? []), ...command];
  const registry = spawn(program, words, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], OTEL_TRACES_EXPORTER: 'none' },
  });
  t.teardown(() => registry.kill('SIGKILL'));
  return { host: await addressOf(registry.stderr), certDirectory };
}

function configuration(directory: string, { tls, auth }: RegistryOptions): object {
  return {
    version: '0.1',
    log: { level: 'info' },
    storage: { filesystem: { rootdirectory: join(directory, 'data') }, delete: { enabled: true } },
    http: {
      addr: '127.0.0.1:0',
      secret: 'test',
      ...(tls === true
        ? { tls: { certificate: join(directory, 'server.crt'), key: join(directory, 'server.key') } }
        : {}),
    },
    ...(auth === true ? { auth: { htpasswd: { realm: 'test', path: join(directory, 'htpasswd') } } } : {}),
  };
}

/** The registry takes a port that is free and says which. */
async function addressOf(log: NodeJS.ReadableStream): Promise<string> {
  const said: string[] = [];
  for await (const line of createInterface(log)) {
    const address = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
    said.push(line);
    if (address === undefined) continue;
    // What is said later is not read, and must not fill the pipe.
    log.resume();
    return address;
  }
  throw new Error(`docker-registry ended: ${said.join('\n')}`);
}

/** Writes certs/ca.crt, server.crt and server.key. */
export function makeCertificates(directory: string): void {
  const openssl = (...args: readonly string[]) => {
    const { status, stderr } = spawnSync('openssl', args, { cwd: directory, encoding: 'utf8' });
    if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'certs/ca.crt', '-subj', '/CN=tests', '-days', '2');
  openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=registry');
  writeFileSync(join(directory, 'names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  const authority = ['-CA', 'certs/ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'];
  openssl('x509', '-req', '-in', 'server.csr', ...authority, '-out', 'server.crt', '-days', '2', '-extfile', 'names');
}
