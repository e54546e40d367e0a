/** Converts a manifest list to the index that registries take. */
import type { ImageIndex } from '../../oci/image.js';
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX } from '../../oci/media-types.js';
import type { StoredList } from '../../state/manifest-lists.js';

export function indexOf({ manifests }: StoredList, format?: 'oci' | 'docker'): ImageIndex {
  const descriptors = manifests.map(({ descriptor }) => descriptor);
  const isDocker = descriptors.length > 0 && descriptors.every(({ mediaType }) => mediaType === DOCKER_MANIFEST);
  const form = format ?? (isDocker ? 'docker' : 'oci');
  return { schemaVersion: 2, mediaType: form === 'docker' ? DOCKER_LIST : OCI_INDEX, manifests: descriptors };
}
