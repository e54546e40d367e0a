import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { isTspodError } from '../../../../src/errors.js';
import { authFilePath, authFilePaths, keysFor } from '../../../../src/image/auth/auth-paths.js';
import { findCredentials, forgetAllLogins, forgetLogin, keepLogin } from '../../../../src/image/auth/logins.js';
import { requires } from '../../../helpers/requires.js';
import { temporaryDirectory } from '../../../helpers/temp.js';

const LOGIN = { kind: 'password', username: 'me', password: 'pa:ss' } as const;
const base64 = (text: string) => Buffer.from(text).toString('base64');
const entry = (user: string) => ({ auth: base64(`${user}:x`) });

function placeWith(
  t: ExecutionContext<unknown>,
  content: object | string,
): { authFile: string; environment: Record<string, string>; uid: number } {
  const authFile = join(temporaryDirectory(t), 'auth.json');
  writeFileSync(authFile, typeof content === 'string' ? content : JSON.stringify(content));
  return { authFile, environment: {}, uid: 0 };
}

test('auth file: where it is', (t) => {
  const environment = { HOME: '/h', XDG_RUNTIME_DIR: '/run/user/5' };
  t.is(authFilePath({ environment: {}, uid: 7 }), '/run/containers/7/auth.json');
  t.is(authFilePath({ environment, uid: 7 }), '/run/user/5/containers/auth.json');
  t.deepEqual(authFilePaths({ environment, uid: 7 }), [
    '/run/user/5/containers/auth.json',
    '/h/.config/containers/auth.json',
    '/h/.docker/config.json',
  ]);
  const named = { ...environment, REGISTRY_AUTH_FILE: '/a' };
  t.deepEqual(authFilePaths({ environment: named, uid: 7 }), ['/a']);
  t.deepEqual(authFilePaths({ authFile: '/b', environment: named, uid: 7 }), ['/b']);
  const here = join(process.cwd(), 'x.json');
  t.deepEqual(authFilePaths({ authFile: 'x.json', environment: named, uid: 7 }), [here]);
  t.is(authFilePath({ environment: { REGISTRY_AUTH_FILE: './x.json' }, uid: 7 }), here);
});

test('auth file: keys from the nearest to the registry', (t) => {
  t.deepEqual(keysFor('h:5', 'a/b'), ['h:5/a/b', 'h:5/a', 'h:5']);
  t.deepEqual(keysFor('h:5'), ['h:5']);
});

test('logins: the nearest key counts, then the registry', async (t) => {
  const place = placeWith(t, { auths: { h: entry('host'), 'h/a': entry('path'), 'h/a/b': entry('repository') } });
  const found = async (repository?: string) => {
    const login = await findCredentials('h', repository, place);
    return login?.kind === 'password' ? login.username : undefined;
  };
  t.is(await found('a/b'), 'repository');
  t.is(await found('a/c'), 'path');
  t.is(await found('x'), 'host');
  t.is(await found(), 'host');
  t.is(await findCredentials('other', 'a', place), undefined);
});

test('logins: the keys that Docker writes', async (t) => {
  const place = placeWith(t, {
    auths: { 'https://index.docker.io/v1/': entry('hub'), 'http://h:5/v2/': entry('h'), 'https://x/': { auth: '' } },
  });
  t.like(await findCredentials('docker.io', 'library/alpine', place), { username: 'hub' });
  t.like(await findCredentials('h:5', 'a', place), { username: 'h' });
  t.is(await findCredentials('x', 'a', place), undefined);
});

test('logins: an identity token is one', async (t) => {
  const place = placeWith(t, { auths: { h: { auth: base64('a:'), identitytoken: 'long' } } });
  t.deepEqual(await findCredentials('h', undefined, place), { kind: 'token', token: 'long' });
});

test('logins: kept for the owner alone, with what else the file says', async (t) => {
  const directory = temporaryDirectory(t);
  const authFile = join(directory, 'new/auth.json');
  const umask = process.umask(0);
  t.teardown(() => process.umask(umask));
  const place = { authFile, environment: {}, uid: 0 };
  t.is(await keepLogin('h', LOGIN, place), authFile);
  t.is(statSync(authFile).mode & 0o777, 0o600);
  t.is(statSync(dirname(authFile)).mode & 0o777, 0o700);
  t.deepEqual(JSON.parse(readFileSync(authFile, 'utf8')), { auths: { h: { auth: base64('me:pa:ss') } } });
  t.deepEqual(await findCredentials('h', undefined, place), LOGIN);
  writeFileSync(authFile, JSON.stringify({ other: 1, auths: { x: entry('x') } }));
  chmodSync(authFile, 0o644);
  await keepLogin('h', LOGIN, place);
  t.is(statSync(authFile).mode & 0o777, 0o600);
  const { other, auths } = JSON.parse(readFileSync(authFile, 'utf8')) as { other: number; auths: object };
  t.is(other, 1);
  t.deepEqual(Object.keys(auths), ['x', 'h']);
});

test('logins: a link to the file stays a link', async (t) => {
  const place = placeWith(t, '');
  const link = join(dirname(place.authFile), 'link.json');
  symlinkSync(place.authFile, link);
  await keepLogin('h', LOGIN, { ...place, authFile: link });
  t.deepEqual(await findCredentials('h', undefined, place), LOGIN);
});

test('logins: of many at one time none is lost', async (t) => {
  const place = placeWith(t, '{}');
  const hosts = Array.from({ length: 20 }, (_, index) => `h${index}`);
  await Promise.all(hosts.map((host) => keepLogin(host, LOGIN, place)));
  for (const host of hosts) t.deepEqual(await findCredentials(host, undefined, place), LOGIN);
});

test('logins: what a killed writer left is not kept', async (t) => {
  const place = placeWith(t, '{}');
  const left = `${place.authFile}.tmp`;
  writeFileSync(left, 'secret', { mode: 0o644 });
  await keepLogin('h', LOGIN, place);
  t.false(existsSync(left));
  t.is(statSync(place.authFile).mode & 0o777, 0o600);
});

test('logins: forgotten, one and all', async (t) => {
  const place = placeWith(t, { auths: { h: entry('a'), 'https://index.docker.io/v1/': entry('b'), x: entry('c') } });
  t.true(await forgetLogin('h', place));
  t.false(await forgetLogin('h', place));
  t.true(await forgetLogin('docker.io', place));
  t.is(await findCredentials('docker.io', undefined, place), undefined);
  t.like(await findCredentials('x', undefined, place), { username: 'c' });
  await forgetAllLogins(place);
  t.is(await findCredentials('x', undefined, place), undefined);
});

const broken = test.macro<[string, RegExp]>({
  exec: async (t, text, why) => {
    const error = await t.throwsAsync(findCredentials('h', undefined, placeWith(t, text)));
    t.true(isTspodError(error, 'INVALID_ARGUMENT'));
    t.regex(error.message, why);
  },
  title: (_, text) => `auth file: refused: ${text}`,
});
test(broken, '{', /is not JSON/);
test(broken, '[]', /must be an object/);
test(broken, '{"auths":5}', /auths must be an object/);
test(broken, '{"auths":{"h":5}}', /auths\["h"\] must be an object/);
test(broken, '{"auths":{"h":{"auth":5}}}', /auth must be a string/);
test(broken, '{"auths":{"h":{"auth":"YWJj"}}}', /must be a user name and password/);

/** A helper that keeps logins as files, and writes down how it was called. */
function withHelper(
  t: ExecutionContext<unknown>,
  content: object,
): { authFile: string; environment: { PATH: string }; uid: number } {
  const directory = temporaryDirectory(t);
  const authFile = join(directory, 'auth.json');
  writeFileSync(authFile, JSON.stringify(content));
  const script = `#!/bin/sh
cd ${directory} || exit 1
input=$(cat)
echo "$* $input" >> calls
case $1 in
store) echo "$input" > kept ;;
erase) rm -f kept ;;
get) if [ -f kept ]; then cat kept; else echo 'credentials not found in native keychain'; exit 1; fi ;;
esac
`;
  mkdirSync(join(directory, 'bin'));
  writeFileSync(join(directory, 'bin/docker-credential-test'), script, { mode: 0o755 });
  return { authFile, environment: { PATH: `${join(directory, 'bin')}:/usr/bin:/bin` }, uid: 0 };
}

for (const content of [{ credHelpers: { h: 'test' } }, { credsStore: 'test' }]) {
  test(`logins: kept by a program: ${JSON.stringify(content)}`, async (t) => {
    const place = withHelper(t, content);
    t.is(await findCredentials('h', 'a', place), undefined);
    await keepLogin('h', LOGIN, place);
    t.false(readFileSync(place.authFile, 'utf8').includes('auths'), 'the file has no login');
    t.deepEqual(await findCredentials('h', 'a', place), LOGIN);
    t.true(await forgetLogin('h', place));
    t.false(await forgetLogin('h', place));
    t.false(existsSync(join(dirname(place.authFile), 'kept')));
  });
}

for (const content of [{ credHelpers: { 'https://index.docker.io/v1/': 'test' } }, { credsStore: 'test' }]) {
  test(`logins: kept by a program under Docker's key for docker.io: ${JSON.stringify(content)}`, async (t) => {
    const place = withHelper(t, content);
    const directory = dirname(place.authFile);
    const program = join(directory, 'bin/docker-credential-test');
    // As a real one: it has a login for that key alone.
    const script = readFileSync(program, 'utf8');
    const unknown = "echo 'credentials not found in native keychain'; exit 1";
    const guard = `case $1$input in get*) [ "$input" = https://index.docker.io/v1/ ] || { ${unknown}; } ;; erase*) [ "$input" = https://index.docker.io/v1/ ] || exit 0 ;; esac`;
    writeFileSync(program, script.replace('case $1 in', `${guard}\ncase $1 in`));
    await keepLogin('https://index.docker.io/v1/', LOGIN, place);
    t.deepEqual(await findCredentials('docker.io', 'library/alpine', place), LOGIN);
    t.is(await findCredentials('h', 'a', place), undefined);
    t.true(await forgetLogin('docker.io', place));
    t.false(existsSync(join(directory, 'kept')));
    t.false(await forgetLogin('docker.io', place));
  });
}

test('logins: an identity token that a program keeps', async (t) => {
  const place = withHelper(t, { credsStore: 'test' });
  await keepLogin('h', { kind: 'token', token: 'long' }, place);
  t.deepEqual(await findCredentials('h', undefined, place), { kind: 'token', token: 'long' });
});

test('logins: a program for all that is not installed knows none', async (t) => {
  const store = { credsStore: 'none-of-that-name' };
  t.is(await findCredentials('h', 'a', placeWith(t, store)), undefined);
  t.like(await findCredentials('h', 'a', placeWith(t, { ...store, auths: { h: entry('me') } })), { username: 'me' });
});

test('logins: a program that is no program of helpers is not run', async (t) => {
  for (const helper of ['../../bin/sh', 'a b', '-x', 'none-of-that-name']) {
    const place = placeWith(t, { credHelpers: { h: helper } });
    const error = await t.throwsAsync(findCredentials('h', undefined, place));
    t.regex(error.message, /not a valid name of a credential helper|run docker-credential-none-of-that-name/);
  }
});

test('logins: a program is ended by the signal', async (t) => {
  const place = withHelper(t, { credsStore: 'test' });
  writeFileSync(join(dirname(place.authFile), 'bin/docker-credential-test'), '#!/bin/sh\nexec sleep 60\n');
  const stop = new AbortController();
  const finding = findCredentials('h', undefined, { ...place, signal: stop.signal });
  setImmediate(() => stop.abort());
  const error = await t.throwsAsync(finding);
  t.true(isTspodError(error, 'ABORTED'), error.message);
});

test('logins: a device is not replaced by an auth file', async (t) => {
  if (!requires(t, 'root')) return;
  const authFile = join(temporaryDirectory(t), 'null');
  execFileSync('mknod', [authFile, 'c', '1', '3']);
  const place = { authFile, environment: {}, uid: 0 };
  await t.throwsAsync(keepLogin('h', LOGIN, place), { code: 'INVALID_ARGUMENT', message: /not a regular file/ });
  t.true(statSync(authFile).isCharacterDevice());
});
