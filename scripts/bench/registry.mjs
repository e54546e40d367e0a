/** Debian's docker-registry on the loopback interface. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { childEnvironment } from './measure.mjs';

/** Resolves to its host as references name it, and `close`. */
export async function startRegistry(directory) {
  mkdirSync(directory, { recursive: true });
  const configuration = join(directory, 'config.yml');
  // JSON is YAML.
  writeFileSync(
    configuration,
    JSON.stringify({
      version: '0.1',
      log: { level: 'info' },
      storage: { filesystem: { rootdirectory: join(directory, 'data') } },
      http: { addr: '127.0.0.1:0', secret: 'bench' },
    }),
  );
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'docker-registry', 'serve', configuration], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...childEnvironment, OTEL_TRACES_EXPORTER: 'none' },
  });
  const close = () => child.kill('SIGKILL');
  for await (const line of createInterface(child.stderr)) {
    const host = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
    if (host === undefined) continue;
    child.stderr.resume();
    return { host, close };
  }
  throw new Error('docker-registry ended');
}
