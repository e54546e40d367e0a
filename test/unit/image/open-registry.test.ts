/** Who is told which login, when an image may be in several places. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { tagsOf } from '../../../src/engine/registries/registries.js';
import { openRegistrySource, registryReference, type RegistryAccessOptions } from '../../../src/image/open-registry.js';
import { parseRegistries } from '../../../src/image/registries/parse.js';
import { sendJson, startServer, type TestServer } from '../../helpers/http-server.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const basic = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`;

/** Wants a login, and takes none. */
const locked = (t: ExecutionContext<unknown>) =>
  startServer(t, (_, response) => {
    sendJson(response, {}, 401, { 'www-authenticate': 'Basic realm="x"' });
  });

const told = ({ requests }: TestServer) => [...new Set(requests.map(({ headers }) => headers.authorization))];

async function mirrored(t: ExecutionContext<unknown>) {
  const [registry, mirror] = [await locked(t), await locked(t)];
  const registries = parseRegistries(
    'r.conf',
    `[[registry]]
location = "${registry.host}"
insecure = true
[[registry.mirror]]
location = "${mirror.host}"
insecure = true`,
  );
  const authFile = join(temporaryDirectory(t), 'auth.json');
  writeFileSync(authFile, '{}');
  const credentials = { kind: 'password', username: 'me', password: 'x' } as const;
  const options: RegistryAccessOptions = { environment: {}, uid: 0, registries, authFile, credentials };
  return { registry, mirror, authFile, options };
}

test('mirrors: credentials of the call are for the registry that was named', async (t) => {
  const { registry, mirror, options } = await mirrored(t);
  await using source = openRegistrySource(registryReference(`${registry.host}/app`), options);
  await t.throwsAsync(source.manifest());
  await t.throwsAsync(tagsOf(`${registry.host}/app`, options));
  t.deepEqual(told(registry), [undefined, basic('me:x')]);
  t.deepEqual(told(mirror), [undefined]);
});

test('mirrors: a mirror gets the login that is kept for it', async (t) => {
  const { registry, mirror, authFile, options } = await mirrored(t);
  const auth = Buffer.from('other:y').toString('base64');
  writeFileSync(authFile, JSON.stringify({ auths: { [mirror.host]: { auth } } }));
  await using source = openRegistrySource(registryReference(`${registry.host}/app`), options);
  await t.throwsAsync(source.manifest());
  t.deepEqual(told(registry), [undefined, basic('me:x')]);
  t.deepEqual(told(mirror), [undefined, basic('other:y')]);
});
