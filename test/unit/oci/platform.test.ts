import test from 'ava';

import { isTspodError } from '../../../src/errors.js';
import type { Platform } from '../../../src/oci/image.js';
import { DOCKER_LIST, OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-types.js';
import { chooseImage } from '../../../src/oci/platform.js';

const AMD64 = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64' };

function chosen(mediaType: string, ...platforms: readonly (Platform | undefined)[]): number {
  const manifests = platforms.map((platform, size) => ({
    ...{ mediaType: OCI_MANIFEST, digest: 'sha256:0', size },
    ...(platform === undefined ? {} : { platform }),
  }));
  return chooseImage({ schemaVersion: 2, mediaType, manifests }, AMD64, 'app').size;
}

test('index: the first entry without a platform is the last choice', (t) => {
  t.is(chosen(OCI_INDEX, undefined), 0);
  t.is(chosen(OCI_INDEX, ARM64, undefined, undefined), 1);
  t.is(chosen(OCI_INDEX, undefined, AMD64), 1);
});

test('index: without an entry that fits there is no image', (t) => {
  for (const [mediaType, platform] of [
    [OCI_INDEX, ARM64],
    [DOCKER_LIST, undefined],
  ] as const) {
    const error = t.throws(() => chosen(mediaType, platform));
    t.true(isTspodError(error, 'NO_SUCH_IMAGE'), error.message);
  }
});
