import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

import { isTspodError } from '../../../../src/errors.js';
import { formatName, parseReference, withDefaultTag } from '../../../../src/image/reference.js';
import { mergeConfigs, NO_REGISTRIES, type RegistriesConfig } from '../../../../src/image/registries/config.js';
import { parseRegistries } from '../../../../src/image/registries/parse.js';
import { readRegistries, registriesPlaces } from '../../../../src/image/registries/read.js';
import { isInsecure, pullLocations, pushLocation, resolveImageName } from '../../../../src/image/registries/resolve.js';
import { temporaryDirectory } from '../../../helpers/temp.js';

const DIGEST = `sha256:${'a'.repeat(64)}`;

function config(text: string): RegistriesConfig {
  return parseRegistries('/r.conf', text);
}

function names(text: string, from: RegistriesConfig): readonly string[] {
  return resolveImageName(text, from).map(formatName);
}

function places(name: string, from: RegistriesConfig): readonly string[] {
  return pullLocations(withDefaultTag(parseReference(name)), from).map(
    ({ registry, repository, insecure }) => `${registry}/${repository}${insecure ? ' insecure' : ''}`,
  );
}

const SEARCH = config('unqualified-search-registries = ["docker.io", "quay.io", "h:5/team"]');

test('names: one with a registry is itself', (t) => {
  t.deepEqual(names('quay.io/a:1', SEARCH), ['quay.io/a:1']);
  t.deepEqual(names('localhost/a', NO_REGISTRIES), ['localhost/a:latest']);
  t.deepEqual(names(`docker.io/a@${DIGEST}`, NO_REGISTRIES), [`docker.io/library/a@${DIGEST}`]);
});

test('names: a short one is looked for in every registry that is searched', (t) => {
  t.deepEqual(names('a', SEARCH), ['docker.io/library/a:latest', 'quay.io/a:latest', 'h:5/team/a:latest']);
  t.deepEqual(names('a/b:1', SEARCH), ['docker.io/a/b:1', 'quay.io/a/b:1', 'h:5/team/a/b:1']);
});

test('names: an alias comes before that, with the tag of the user', (t) => {
  const aliased = mergeConfigs(SEARCH, config('[aliases]\n"a" = "quay.io/x/a"\n"b/c" = "docker.io/c"'));
  t.deepEqual(names('a', aliased), ['quay.io/x/a:latest']);
  t.deepEqual(names('a:2', aliased), ['quay.io/x/a:2']);
  t.deepEqual(names(`a@${DIGEST}`, aliased), [`quay.io/x/a@${DIGEST}`]);
  t.deepEqual(names('b/c', aliased), ['docker.io/library/c:latest']);
  t.is(names('c', aliased).length, 3);
});

test('names: an empty alias takes back one of an earlier file', (t) => {
  const aliased = mergeConfigs(config('[aliases]\n"a" = "quay.io/x/a"'), config('[aliases]\n"a" = ""'));
  t.throws(() => names('a', aliased), { message: /short-name "a" did not resolve to an alias/ });
});

test('names: without anything that is searched a short one is nothing', (t) => {
  const error = t.throws(() => names('a', NO_REGISTRIES));
  t.true(isTspodError(error, 'NO_SUCH_IMAGE'));
  t.regex(error.message, /no registries.conf was found/);
  t.regex(error.message, /: give the full name, such as docker\.io\/library\/a$/);
  t.throws(() => names('b/c:2', NO_REGISTRIES), { message: /such as docker\.io\/b\/c:2$/ });
  t.throws(() => names('a', config('')), { message: /no unqualified-search registries are defined in "\/r.conf"/ });
});

test('names: enforcing, a short one must be one image alone', (t) => {
  const enforcing = mergeConfigs(SEARCH, config('short-name-mode = "enforcing"'));
  t.true(
    isTspodError(
      t.throws(() => names('a', enforcing)),
      'AMBIGUOUS',
    ),
  );
  const one = mergeConfigs(enforcing, config('unqualified-search-registries = ["quay.io"]'));
  t.deepEqual(names('a', one), ['quay.io/a:latest']);
});

const RULES = config(`
[[registry]]
prefix = "example.com/foo"
location = "internal.net:5000/bar"
[[registry.mirror]]
location = "m1.local/mirror"
[[registry.mirror]]
location = "m2.local"
insecure = true
pull-from-mirror = "digest-only"
[[registry]]
location = "example.com"
insecure = true
[[registry]]
location = "bad.io"
blocked = true
[[registry]]
prefix = "*.wild.io"
insecure = true
[[registry]]
prefix = "docker.io"
location = "hub.local/cache"
`);

test('places: the longest prefix counts, mirrors come first', (t) => {
  t.deepEqual(places('example.com/foo/img', RULES), ['m1.local/mirror/img', 'internal.net:5000/bar/img']);
  t.deepEqual(places('example.com/foobar', RULES), ['example.com/foobar insecure']);
  t.deepEqual(places('example.com/foo', RULES), ['m1.local/mirror', 'internal.net:5000/bar']);
  t.deepEqual(places('other.io/a/b', RULES), ['other.io/a/b']);
  t.deepEqual(places('docker.io/a', RULES), ['hub.local/cache/library/a']);
});

test('places: a mirror for digests alone is not asked for tags', (t) => {
  t.deepEqual(places(`example.com/foo/img@${DIGEST}`, RULES), [
    'm1.local/mirror/img',
    'm2.local/img insecure',
    'internal.net:5000/bar/img',
  ]);
});

test('places: a domain with all below it', (t) => {
  t.deepEqual(places('a.wild.io/x', RULES), ['a.wild.io/x insecure']);
  t.deepEqual(places('b.a.wild.io:5000/x', RULES), ['b.a.wild.io:5000/x insecure']);
  t.deepEqual(places('wild.io/x', RULES), ['wild.io/x']);
});

test('places: what is blocked is not read and not written', (t) => {
  t.throws(() => places('bad.io/x', RULES), { message: /registry bad\.io is blocked/ });
  t.throws(() => pushLocation(parseReference('bad.io/x'), RULES), { message: /blocked/ });
});

test('places: nothing is written to a mirror', (t) => {
  t.deepEqual(pushLocation(parseReference('example.com/foo/img'), RULES), {
    registry: 'internal.net:5000',
    repository: 'bar/img',
    insecure: false,
  });
});

test('places: of a registry as such', (t) => {
  t.true(isInsecure('example.com', RULES));
  t.false(isInsecure('other.io', RULES));
});

const refused = test.macro<[string, RegExp]>({
  exec: (t, text, why) => {
    const error = t.throws(() => config(text));
    t.true(isTspodError(error, 'INVALID_ARGUMENT'));
    t.regex(error.message, why);
    t.true(error.message.startsWith('"/r.conf"'), error.message);
  },
  title: (_, text) => `registries.conf: refused: ${JSON.stringify(text)}`,
});
test(refused, 'x =', /is not TOML/);
test(refused, 'short-name-mode = "maybe"', /short-name-mode must be one of/);
test(refused, 'unqualified-search-registries = "docker.io"', /must be a list/);
test(refused, 'unqualified-search-registries = ["https://docker.io"]', /\[0\] must be a host without a scheme/);
test(refused, '[[registry]]', /registry\[0\] has neither prefix nor location/);
test(refused, '[[registry]]\nprefix = "a.io"', /registry\[0\]\.location is missing/);
test(refused, '[[registry]]\nlocation = "a b"', /location is not a registry/);
test(refused, '[[registry]]\nlocation = "a.io"\n[[registry.mirror]]', /mirror\[0\]\.location is missing/);
test(refused, '[aliases]\n"a:1" = "b.io/a"', /neither tag nor digest/);
test(refused, '[aliases]\n"a" = "b"', /names no registry/);
test(refused, '[aliases]\n"b.io/a" = "b.io/a"', /is not a short name/);
test(refused, '[registries.search]\nregistries = []\n[[registry]]\nlocation = "a.io"', /mixes the old and the new/);

test('registries.conf: version 1', (t) => {
  const old = config(
    '[registries.search]\nregistries = ["quay.io"]\n[registries.insecure]\nregistries = ["a.io"]\n[registries.block]\nregistries = ["b.io"]',
  );
  t.deepEqual(names('x', old), ['quay.io/x:latest']);
  t.true(isInsecure('a.io', old));
  t.throws(() => places('b.io/x', old), { message: /blocked/ });
});

test('registries.conf: files and directories, later ones over earlier ones', (t) => {
  const directory = temporaryDirectory(t);
  const write = (name: string, text: string) => writeFileSync(join(directory, name), text);
  mkdirSync(join(directory, 'd'));
  write(
    'first.conf',
    'unqualified-search-registries = ["docker.io"]\n[[registry]]\nlocation = "a.io"\ninsecure = true',
  );
  write('d/2.conf', 'unqualified-search-registries = ["quay.io"]');
  write('d/1.conf', '[[registry]]\nlocation = "a.io"\n[aliases]\n"x" = "y.io/x"');
  write('d/no.txt', 'x =');
  write('aliases.conf', '[aliases]\n"x" = "z.io/x"');
  const read = readRegistries({
    files: [join(directory, 'none'), join(directory, 'first.conf'), join(directory, 'd/no.txt')],
    directories: [join(directory, 'd'), join(directory, 'missing')],
    aliases: [join(directory, 'aliases.conf')],
  });
  t.deepEqual(names('n', read), ['quay.io/n:latest']);
  t.deepEqual(names('x', read), ['z.io/x:latest']);
  t.false(isInsecure('a.io', read));
  t.is(read.files.length, 4);
});

test('registries.conf: where it is', (t) => {
  t.deepEqual(registriesPlaces({ HOME: '/h' }, 0), {
    files: [
      '/h/.config/containers/registries.conf',
      '/etc/containers/registries.conf',
      '/usr/share/containers/registries.conf',
    ],
    directories: ['/etc/containers/registries.conf.d', '/h/.config/containers/registries.conf.d'],
    aliases: ['/var/cache/containers/short-name-aliases.conf'],
  });
  const named = registriesPlaces({ HOME: '/h', CONTAINERS_REGISTRIES_CONF: '/x', XDG_CACHE_HOME: '/c' }, 5);
  t.deepEqual(named.files, ['/x']);
  t.deepEqual(named.aliases, ['/c/containers/short-name-aliases.conf']);
});
