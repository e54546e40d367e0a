/** Options that an image brings along. */
import test from 'ava';

import { withImage } from '../../../src/spec/image.js';
import type { ImageHealthcheck } from '../../../src/oci/image.js';

const healthOf = (Healthcheck: ImageHealthcheck) =>
  withImage({}, { id: 'a'.repeat(64), name: 'x', layers: [], config: { Healthcheck }, annotations: {} }).health;

test('health: checks of an image follow each other, and end, after 100 ms at the earliest', (t) => {
  const Test = ['CMD', 'true'];
  t.like(healthOf({ Test, Interval: 1, Timeout: 1 }), { intervalMs: 100, timeoutMs: 100 });
  t.like(healthOf({ Test, Interval: 3e9, Timeout: 2e8 }), { intervalMs: 3000, timeoutMs: 200 });
  t.deepEqual(healthOf({ Test }), { test: Test });
});
