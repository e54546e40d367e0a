/** Whose certificates are taken for which host. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import test, { type ExecutionContext } from 'ava';

import { isTspodError } from '../../../../src/errors.js';
import { certificatesFor } from '../../../../src/image/registry/certificates.js';
import { RegistryClient } from '../../../../src/image/registry/client.js';
import { sendJson } from '../../../helpers/http-server.js';
import { makeCertificates } from '../../../helpers/registry.js';
import { requires } from '../../../helpers/requires.js';
import { temporaryDirectory } from '../../../helpers/temp.js';

/** With the certificate of an authority of its own; answers its port. */
async function startTls(t: ExecutionContext<unknown>, directory: string, handle: RequestListener): Promise<number> {
  const read = (name: string) => readFileSync(join(directory, name));
  const tls = { cert: read('server.crt'), key: read('server.key'), requestCert: true, rejectUnauthorized: false };
  const server = createServer(tls, handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function certsOf(home: string, name: string): string {
  const directory = join(home, '.config/containers/certs.d', name);
  mkdirSync(directory, { recursive: true });
  return directory;
}

test('certificates: the registry’s authority counts where it gives tokens and keeps blobs, its client certificate does not', async (t) => {
  if (!requires(t, 'openssl')) return;
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, 'certs'));
  makeCertificates(directory);
  const shown: [string, boolean][] = [];
  const shows = (who: string, { socket }: { readonly socket: unknown }) =>
    shown.push([who, Object.keys((socket as TLSSocket).getPeerCertificate()).length > 0]);
  const tokens = await startTls(t, directory, (request, response) => {
    shows('tokens', request);
    sendJson(response, { token: 'x' });
  });
  const storage = await startTls(t, directory, (request, response) => {
    shows('storage', request);
    sendJson(response, {});
  });
  const challenge = { 'www-authenticate': `Bearer realm="https://127.0.0.1:${String(tokens)}/token"` };
  const registry = await startTls(t, directory, (request, response) => {
    shows('registry', request);
    if (request.headers.authorization !== 'Bearer x') sendJson(response, {}, 401, challenge);
    else response.writeHead(307, { location: `https://localhost:${String(storage)}/blob` }).end();
  });
  const host = `127.0.0.1:${String(registry)}`;
  const home = temporaryDirectory(t);
  const certs = certsOf(home, host);
  cpSync(join(directory, 'certs/ca.crt'), join(certs, 'ca.crt'));
  cpSync(join(directory, 'server.crt'), join(certs, 'me.cert'));
  cpSync(join(directory, 'server.key'), join(certs, 'me.key'));
  await using client = new RegistryClient(host, { environment: { HOME: home }, retry: { retries: 0 } });
  const response = await client.call({ method: 'GET', target: '/v2/x', expect: [200], doing: 'read x' });
  await response.discard();
  t.deepEqual(shown, [
    ['registry', true],
    ['tokens', false],
    ['registry', true],
    ['storage', false],
  ]);
});

/** A directory without sense says by its error that it was read. */
const read = test.macro({
  title: (_, called: string, directory: string) => `certificates: of ${called} they are in ${directory}`,
  exec: async (t, called: string, directory: string) => {
    const home = temporaryDirectory(t);
    writeFileSync(join(certsOf(home, directory), 'only.key'), '');
    await using client = new RegistryClient(called, { environment: { HOME: home }, retry: { retries: 0 } });
    const error = await t.throwsAsync(client.call({ method: 'GET', target: '/v2/', expect: [200], doing: 'ask' }));
    t.true(isTspodError(error, 'INVALID_ARGUMENT'), String(error));
    t.regex(error.message, new RegExp(`${directory.replaceAll('.', '\\.')}".*only\\.key`));
  },
});

test(read, 'docker.io', 'docker.io');
test(read, 'docker.io', 'registry-1.docker.io');
test(read, '127.0.0.1:443', '127.0.0.1:443');

test('certificates: those of the name come before those of the host', (t) => {
  const home = temporaryDirectory(t);
  certsOf(home, 'docker.io');
  writeFileSync(join(certsOf(home, 'registry-1.docker.io'), 'only.key'), '');
  const place = { names: ['docker.io', 'registry-1.docker.io'], host: 'registry-1.docker.io' };
  t.notThrows(() => certificatesFor('auth.docker.io', { ...place, environment: { HOME: home } }));
});
