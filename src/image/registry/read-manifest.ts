import { isDigest } from '../../oci/digest.js';
import { INDEX_TYPES, MANIFEST_TYPES } from '../../oci/media-types.js';
import { MAX_MANIFEST_BYTES } from '../../oci/parse-image.js';
import { checkedManifest } from '../checked-manifest.js';
import type { RawManifest } from '../transport.js';
import type { HttpResponse } from './http.js';
import { manifestPath, nameOf, pullScope, type RepositoryAccess } from './location.js';
import { readBody } from './read-body.js';

/** All known types: a registry may convert a manifest whose type is not accepted. */
const ACCEPT = [...MANIFEST_TYPES, ...INDEX_TYPES, 'application/json;q=0.5'].join(', ');

/**
 * Reads a manifest or an index by tag or digest. Throws NO_SUCH_IMAGE, BAD_IMAGE, DIGEST_MISMATCH, and the registry's
 * errors.
 */
export async function readManifest(
  access: RepositoryAccess,
  tagOrDigest: string,
  signal: AbortSignal | undefined,
): Promise<RawManifest> {
  const { client, repository } = access;
  const doing = `read manifest ${tagOrDigest} in ${nameOf(access)}`;
  const response = await client.call({
    method: 'GET',
    target: manifestPath(repository, tagOrDigest),
    headers: { accept: ACCEPT },
    scopes: [pullScope(repository)],
    expect: [200],
    doing,
    notFound: 'NO_SUCH_IMAGE',
    signal,
  });
  const bytes = await readBody(response, { maxBytes: MAX_MANIFEST_BYTES, what: 'the manifest', signal });
  const digest = isDigest(tagOrDigest) ? tagOrDigest : undefined;
  return checkedManifest(bytes, { doing, digest, served: servedType(response) });
}

function servedType(response: HttpResponse): string | undefined {
  return response.header('content-type')?.split(';')[0]?.trim().toLowerCase();
}
