/** Converts records of images to the summaries that users see. */
import { manifestOf } from '../../container/create/find-image.js';
import type { StoredImage } from '../../state/image-rows.js';
import type { Store } from '../../state/store.js';
import { repositoryOf } from '../../util/stored-name.js';
import type { ImageSummary } from './types.js';

export function summarize(store: Store, image: StoredImage): ImageSummary {
  const { summary } = image;
  return {
    id: image.id,
    names: image.names.map(({ name }) => name),
    digests: digestsOf(store, image),
    digest: manifestOf(store, image),
    createdAt: image.createdUs === 0 ? null : new Date(image.createdUs / 1000),
    addedAt: new Date(image.addedUs / 1000),
    size: image.size,
    labels: summary.labels,
    os: summary.os,
    architecture: summary.architecture,
    variant: summary.variant ?? '',
    containers: image.uses,
    dangling: image.names.length === 0,
    isManifestList: false,
  };
}

/**
 * Returns the digests that the image was pulled by, and for each name that of its manifest, so that an image built or
 * loaded here has one as well.
 */
function digestsOf(store: Store, image: StoredImage): readonly string[] {
  const known = image.digests.map(({ repository, digest }) => `${repository}@${digest}`);
  const named = image.names.flatMap(({ name }) => {
    const digest = manifestOf(store, image, name);
    return digest === '' ? [] : [`${repositoryOf(name)}@${digest}`];
  });
  return [...new Set([...known, ...named])];
}
