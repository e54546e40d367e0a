import test from 'ava';

import { fullHistory } from '../../../src/oci/history.js';
import type { ImageHistory } from '../../../src/oci/image.js';

const imageOf = (layers: number, history?: readonly ImageHistory[]) => ({
  os: 'linux',
  architecture: 'amd64',
  created: '2024-01-02T03:04:05Z',
  rootfs: { type: 'layers' as const, diff_ids: Array.from({ length: layers }, (_, index) => `sha256:${index}`) },
  ...(history === undefined ? {} : { history }),
});

const UNTOLD = { created: '2024-01-02T03:04:05Z' };

test('an image without a history has an entry for each layer', (t) => {
  t.deepEqual(fullHistory(imageOf(2)), [UNTOLD, UNTOLD]);
});

test('layers that the history does not tell of are the lowest', (t) => {
  const told = [{ created_by: 'a' }, { created_by: 'b', empty_layer: true }];
  t.deepEqual(fullHistory(imageOf(2, told)), [UNTOLD, ...told]);
  t.deepEqual(fullHistory(imageOf(1, told)), told);
});

test('a history of more layers than there are stays as it is', (t) => {
  const told = [{ created_by: 'a' }, { created_by: 'b' }];
  t.deepEqual(fullHistory(imageOf(1, told)), told);
});
