/** The host name of a container that was given none. */
import test from 'ava';

import { hostnameOf } from '../../../src/spec/generate.js';
import { normalizeCreateOptions } from '../../../src/spec/normalize.js';
import { testFacts } from '../../helpers/facts.js';

test('hostname: twelve characters of the id, or all of a shorter one', (t) => {
  const facts = testFacts();
  const config = normalizeCreateOptions({ image: 'host:' }, facts);
  t.is(hostnameOf(config, facts, '0123456789ab'.repeat(5)), '0123456789ab');
  t.is(hostnameOf(config, facts, '0123456789ab'), '0123456789ab');
  t.is(hostnameOf(config, facts, '0123456789a'), '0123456789a');
});
