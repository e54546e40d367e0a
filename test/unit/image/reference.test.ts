import test from 'ava';

import { isTspodError } from '../../../src/errors.js';
import {
  formatName,
  parseImageName,
  parseReference,
  withDefaultTag,
  type ImageName,
} from '../../../src/image/reference.js';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

const named = test.macro<[string, ImageName]>({
  exec: (t, text, expected) => {
    t.deepEqual(parseImageName(text), expected);
    t.is(formatName(parseImageName(text)), text);
  },
  title: (_, text) => `name: ${text}`,
});

test(named, 'alpine', { repository: 'alpine' });
test(named, 'alpine:3.20', { repository: 'alpine', tag: '3.20' });
test(named, `alpine@${DIGEST}`, { repository: 'alpine', digest: DIGEST });
test(named, `alpine:3@${DIGEST}`, { repository: 'alpine', tag: '3', digest: DIGEST });
test(named, 'user/app', { repository: 'user/app' });
test(named, 'localhost/app', { registry: 'localhost', repository: 'app' });
test(named, 'localhost:5000/a/b/c:v_1.x-2', { registry: 'localhost:5000', repository: 'a/b/c', tag: 'v_1.x-2' });
test(named, 'quay.io/a/b', { registry: 'quay.io', repository: 'a/b' });
test(named, 'host:80/app', { registry: 'host:80', repository: 'app' });
test(named, '[::1]:5000/app', { registry: '[::1]:5000', repository: 'app' });
test(named, 'UPPER/app', { registry: 'UPPER', repository: 'app' });
test(named, 'x/a--b__c.d/e_f', { repository: 'x/a--b__c.d/e_f' });
test(named, `a/${'b'.repeat(253)}`, { repository: `a/${'b'.repeat(253)}` });
test(named, `app:${'t'.repeat(128)}`, { repository: 'app', tag: 't'.repeat(128) });

const refused = test.macro<[string, RegExp]>({
  exec: (t, text, why) => {
    const error = t.throws(() => parseImageName(text));
    t.true(isTspodError(error, 'INVALID_ARGUMENT'));
    t.regex(error.message, why);
  },
  title: (_, text) => `no name: ${JSON.stringify(text.slice(0, 60))} (${text.length})`,
});

test(refused, '', /names no repository/);
test(refused, 'Alpine', /must be lowercase/);
test(refused, 'docker.io/Alpine', /must be lowercase/);
test(refused, 'docker.io/', /names no repository/);
test(refused, ':tag', /names no repository/);
test(refused, 'a:', /a tag is/);
test(refused, `a:${'t'.repeat(129)}`, /a tag is/);
test(refused, 'a:-x', /a tag is/);
test(refused, 'a@sha256:abc', /digest/);
test(refused, `a@md5:${'0'.repeat(32)}`, /digest/);
test(refused, `a@${DIGEST.toUpperCase()}`, /digest/);
test(refused, `a@sha256:../../${'0'.repeat(58)}`, /digest/);
test(refused, 'a//b', /invalid reference format/);
test(refused, '/a', /invalid reference format/);
test(refused, '../a', /the registry is not a host name/);
test(refused, 'x/../a', /invalid reference format/);
test(refused, 'a b', /invalid reference format/);
test(refused, 'a\nb', /invalid reference format/);
test(refused, 'a\0b', /invalid reference format/);
test(refused, 'ä', /invalid reference format/);
test(refused, 'a___b', /invalid reference format/);
test(refused, 'a_', /invalid reference format/);
test(refused, 'user@host.io/a', /digest/);
test(refused, '-host.io/a', /the registry is not a host name/);
test(refused, 'host.io:99999/a', /the registry is not a host name/);
test(refused, 'host.io:port/a', /the registry is not a host name/);
test(refused, '[::1/a', /the registry is not a host name/);
test(refused, `a/${'b'.repeat(254)}`, /255 characters/);
test(refused, 'a'.repeat(2000), /too long/);
test(refused, '0123456789abcdef'.repeat(4), /64 hexadecimal digits/);

const normalized = test.macro<[string, string]>({
  exec: (t, text, full) => {
    t.is(formatName(parseReference(text)), full);
  },
  title: (_, text) => `normalized: ${text}`,
});

test(normalized, 'alpine', 'docker.io/library/alpine');
test(normalized, 'docker.io/alpine:3', 'docker.io/library/alpine:3');
test(normalized, 'index.docker.io/library/alpine', 'docker.io/library/alpine');
test(normalized, 'user/app', 'docker.io/user/app');
test(normalized, 'docker.io/library/a/b', 'docker.io/library/a/b');
test(normalized, 'docker.io/x.y/app', 'docker.io/x.y/app');
test(normalized, 'localhost/app', 'localhost/app');
test(normalized, 'quay.io/app', 'quay.io/app');

test('names: what has neither tag nor digest is latest', (t) => {
  t.is(formatName(withDefaultTag(parseImageName('a'))), 'a:latest');
  t.is(formatName(withDefaultTag(parseImageName('a:1'))), 'a:1');
  t.is(formatName(withDefaultTag(parseImageName(`a@${DIGEST}`))), `a@${DIGEST}`);
});
