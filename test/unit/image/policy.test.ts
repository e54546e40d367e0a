import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

import { parsePolicy, readPolicy, refuseByPolicy, requirementsFor } from '../../../src/image/policy.js';
import { registryReference } from '../../../src/image/open-registry.js';
import { isTspodError } from '../../../src/errors.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const type = (word: string) => [{ type: word }];
const ACCEPT = 'insecureAcceptAnything';

const policyOf = (content: object) => parsePolicy('/p.json', JSON.stringify(content));

test('policy: the nearest scope of a name counts, then the transport, then the default', (t) => {
  const policy = policyOf({
    default: type('reject'),
    transports: {
      docker: {
        'h.io:5/team/app:1': type('signedBy'),
        'h.io:5/team/app': type(ACCEPT),
        'h.io:5/team': type('reject'),
        'h.io:5': type('sigstoreSigned'),
        '*.corp.io': type(ACCEPT),
        '*.io': type('reject'),
        '': type('signedBaseLayer'),
      },
      dir: { '': type(ACCEPT) },
    },
  });
  const scope = (name: string) => requirementsFor(policy, 'docker', registryReference(name)).scope;
  for (const [name, expected] of [
    ['h.io:5/team/app:1', 'h.io:5/team/app:1'],
    ['h.io:5/team/app:2', 'h.io:5/team/app'],
    [`h.io:5/team/app@sha256:${'a'.repeat(64)}`, 'h.io:5/team/app'],
    ['h.io:5/team/other', 'h.io:5/team'],
    ['h.io:5/teams/app', 'h.io:5'],
    ['a.b.corp.io:7/x', '*.corp.io'],
    ['corp.io/x', '*.io'],
    ['alpine', '*.io'],
    ['quay.example/x', 'docker'],
  ] as const)
    t.is(scope(name), expected, name);
  t.is(requirementsFor(policy, 'dir').scope, 'dir');
  t.deepEqual(requirementsFor(policy, 'oci'), { scope: 'default', requirements: ['reject'] });
});

test('policy: what is rejected, and what would need a signature, is refused', (t) => {
  const refused = (...words: readonly string[]) => {
    const policy = policyOf({ default: words.map((word) => ({ type: word })) });
    try {
      refuseByPolicy({ policy, transport: 'docker', name: registryReference('a.io/x'), reference: 'a.io/x' });
      return undefined;
    } catch (error) {
      t.regex(String(error), /a\.io\/x .*\/p\.json/);
      return isTspodError(error) ? error.code : error;
    }
  };
  t.is(refused(ACCEPT), undefined);
  t.is(refused('reject'), 'REGISTRY_ERROR');
  t.is(refused(ACCEPT, 'reject'), 'REGISTRY_ERROR');
  for (const signature of ['signedBy', 'signedBaseLayer', 'sigstoreSigned'])
    t.is(refused(ACCEPT, signature), 'NOT_SUPPORTED', signature);
  t.notThrows(() => refuseByPolicy({ policy: undefined, transport: 'docker', reference: 'x' }));
});

const broken = test.macro<[string, RegExp]>({
  title: (_, text) => `policy: refused: ${text}`,
  exec: (t, text, why) => {
    const error = t.throws(() => parsePolicy('/p.json', text));
    t.true(isTspodError(error, 'INVALID_ARGUMENT'));
    t.regex(error.message, why);
  },
});

test(broken, '{', /policy "\/p\.json" is not JSON/);
test(broken, '{}', /default must be a list/);
test(broken, '{"default":[]}', /default must not be empty/);
test(broken, '{"default":[{"type":"maybe"}]}', /default\[0\]\.type must be one of/);
test(
  broken,
  '{"default":[{"type":"reject"}],"transports":{"docker":{"a":{}}}}',
  /transports\.docker\["a"\] must be a list/,
);

test('policy: the user’s file comes before the machine’s', (t) => {
  const home = temporaryDirectory(t);
  mkdirSync(join(home, '.config/containers'), { recursive: true });
  const path = join(home, '.config/containers/policy.json');
  writeFileSync(path, JSON.stringify({ default: type('reject') }));
  t.like(readPolicy({ HOME: home }), { path, default: ['reject'] });
});
