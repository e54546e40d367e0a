/** Checks bytes received as a manifest. */
import { TspodError } from '../errors.js';
import { digestOf, splitDigest } from '../oci/digest.js';
import { parseManifest } from '../oci/parse-image.js';
import type { RawManifest } from './transport.js';

export interface ManifestOrigin {
  /** The digest that the manifest was requested by. */
  readonly digest?: string | undefined;
  /** Media type that it was served with. */
  readonly served?: string | undefined;
  /** The operation, for errors: "read manifest latest in quay.io/app". */
  readonly doing: string;
}

/** Returns the manifest. Throws DIGEST_MISMATCH, BAD_IMAGE, and NOT_SUPPORTED for Docker's schema 1. */
export function checkedManifest(bytes: Buffer, { digest, served, doing }: ManifestOrigin): RawManifest {
  const actual = digestOf(bytes, digest === undefined ? 'sha256' : splitDigest(digest).algorithm);
  if (digest !== undefined && actual !== digest)
    throw new TspodError('DIGEST_MISMATCH', `${doing}: its digest is ${actual}`, {
      details: { expected: digest, actual },
    });
  const parsed = parseManifest(bytes, served);
  const { mediaType } = parsed.kind === 'index' ? parsed.index : parsed.manifest;
  return { mediaType, digest: actual, bytes };
}
