import test from 'ava';

import { convertManifest } from '../../../src/oci/convert-manifest.js';
import { digestOf } from '../../../src/oci/digest.js';
import { parseManifest } from '../../../src/oci/parse-image.js';
import { makeImage } from '../../helpers/images.js';

test('manifests: each form in the other keeps the digests of config and layers', (t) => {
  for (const [from, to] of [
    ['oci', 'docker'],
    ['docker', 'oci'],
  ] as const) {
    const { manifest: raw } = makeImage({ format: from, layers: [10, 20] });
    const parsed = parseManifest(raw.bytes, raw.mediaType);
    if (parsed.kind === 'index') throw new Error('it is an index');
    t.is(convertManifest(from, raw, parsed.manifest), raw);
    const other = convertManifest(to, raw, parsed.manifest);
    t.is(other.digest, digestOf(other.bytes));
    const again = parseManifest(other.bytes, other.mediaType);
    if (again.kind === 'index') throw new Error('it is an index');
    t.deepEqual(
      [again.manifest.config, ...again.manifest.layers].map(({ digest, size }) => ({ digest, size })),
      [parsed.manifest.config, ...parsed.manifest.layers].map(({ digest, size }) => ({ digest, size })),
    );
    const back = convertManifest(from, other, again.manifest);
    t.is(back.digest, raw.digest);
  }
});
