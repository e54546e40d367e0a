/** The commands of README.md, from the first to the last as they stand there: a shell pasted them from the page. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { busyboxRoot } from '../../helpers/busybox.js';
import { collect, output, run, storeOf } from '../../helpers/cli.js';
import { testNetwork, type TestNetwork } from '../../helpers/network.js';
import { startRegistry } from '../../helpers/registry.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';

/** A registry that stands for those that README.md names, as registries.conf says; its images serve files over HTTP. */
async function registries(t: ExecutionContext, root: string): Promise<string> {
  const { host } = await startRegistry(t, { prefix: storeOf(t).prefix ?? [] });
  const directory = temporaryDirectory(t);
  const archive = join(directory, 'root.tar');
  execFileSync('tar', ['-cf', archive, '-C', root, '.']);
  for (const name of ['nginx', 'redis']) {
    const image = `${host}/library/${name}`;
    await run(t, 0, 'import', '--change', 'CMD ["busybox", "httpd", "-f", "-p", "80"]', archive, image);
    await run(t, 0, 'push', '--tls-verify=false', image);
    await run(t, 0, 'rmi', image);
  }
  const rule = (prefix: string) => `[[registry]]\nprefix = "${prefix}"\nlocation = "${host}"\ninsecure = true\n`;
  const path = join(directory, 'registries.conf');
  writeFileSync(path, rule('docker.io') + rule('registry.example'));
  return path;
}

/** '' while nobody listens there yet. */
function motdAt(network: TestNetwork, port: number): string {
  try {
    return network.inside('busybox', 'wget', '-q', '-O', '-', `http://127.0.0.1:${port}/etc/motd`);
  } catch {
    return '';
  }
}

test('README.md: the commands of the command line, one after the other', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox', 'python3', 'docker-registry', 'unshare', 'nsenter')) return;
  const network = await testNetwork(t);
  const { env, prefix = [] } = storeOf(t);
  const root = busyboxRoot(t);
  const directory = temporaryDirectory(t);
  const [, block = ''] = /^```sh\n(.*?)^```/ms.exec(readFileSync('README.md', 'utf8')) ?? [];
  t.true(block.split('\n').length > 10);
  const [program = '', ...words] = [...prefix, 'sh', '-exc', block.replace('/srv/alpine', root)];
  const shell = spawn(program, words, {
    cwd: directory,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...env,
      PATH: `${join(process.cwd(), 'bin')}:${env['PATH'] ?? ''}`,
      CONTAINERS_REGISTRIES_CONF: await registries(t, root),
      // the default one
      TSPOD_NETWORK: '',
    },
  });
  t.teardown(() => shell.kill('SIGKILL'));
  // For the shell that is asked for: the other commands read nothing.
  const { status, stdout, stderr } = await collect(shell, 'exit\n');
  t.is(status, 0, stdout + stderr);
  for (const name of ['hosts', 'page.tar']) t.true(existsSync(join(directory, name)), name);
  t.is(await output(t, 'ps', '--format', '{{.Names}} {{.PodName}}', '--filter', 'name=^(db|site)$'), 'site \ndb \n');
  for (const port of [8080, 8081])
    await until(`port ${port} answers`, () => motdAt(network, port).startsWith('welcome'));
  await run(t, 0, 'pod', 'rm', '--force', '--all');
});
