/**
 * Converts a manifest between the OCI and the Docker format: config and layers keep their digests, the manifest gets a
 * new one.
 */
import { digestOf } from './digest.js';
import type { Descriptor, ImageManifest } from './image.js';
import * as types from './media-types.js';

export type ManifestForm = 'oci' | 'docker';

const PAIRS: readonly { readonly oci: string; readonly docker: string }[] = [
  { oci: types.OCI_MANIFEST, docker: types.DOCKER_MANIFEST },
  { oci: types.OCI_CONFIG, docker: types.DOCKER_CONFIG },
  { oci: types.OCI_LAYER, docker: types.DOCKER_LAYER },
  { oci: types.OCI_LAYER_GZIP, docker: types.DOCKER_LAYER_GZIP },
  { oci: types.OCI_LAYER_ZSTD, docker: types.DOCKER_LAYER_ZSTD },
];

interface RawForm {
  readonly mediaType: string;
  readonly digest: string;
  readonly bytes: Buffer;
}

/** Returns a manifest in the given format; one that has it already is returned byte for byte. */
export function convertManifest(form: ManifestForm, raw: RawForm, manifest: ImageManifest): RawForm {
  const mediaType = convertMediaType(form, manifest.mediaType);
  if (mediaType === manifest.mediaType) return raw;
  const convert = ({ mediaType: given, digest, size }: Descriptor) => ({
    mediaType: convertMediaType(form, given),
    digest,
    size,
  });
  const { annotations } = manifest;
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: convert(manifest.config),
      layers: manifest.layers.map(convert),
      ...(form === 'oci' && annotations !== undefined ? { annotations } : {}),
    }),
  );
  return { mediaType, digest: digestOf(bytes), bytes };
}

/** Returns a media type in the given format; one without a counterpart is returned as it is. */
export function convertMediaType(form: ManifestForm, mediaType: string): string {
  return PAIRS.find(({ oci, docker }) => oci === mediaType || docker === mediaType)?.[form] ?? mediaType;
}
