/** Paths and token scopes of the parts of an image in a registry (distribution specification). */
import type { ImageReference } from '../reference.js';
import type { RegistryClient } from './client.js';

/** One repository in a registry, possibly a mirror of the one that the user named. */
export interface RepositoryAccess {
  readonly client: RegistryClient;
  /** Path in the registry: library/alpine. */
  readonly repository: string;
}

export function manifestPath(repository: string, tagOrDigest: string): string {
  return `/v2/${repository}/manifests/${tagOrDigest}`;
}

export function blobPath(repository: string, digest: string): string {
  return `/v2/${repository}/blobs/${digest}`;
}

export function pullScope(repository: string): string {
  return `repository:${repository}:pull`;
}

export function pushScope(repository: string): string {
  return `repository:${repository}:pull,push`;
}

/** Returns the repository's name for messages: quay.io/app. */
export function nameOf({ client, repository }: RepositoryAccess): string {
  return `${client.registry}/${repository}`;
}

/** Returns what the manifest is requested by. */
export function tagOrDigestOf({ tag, digest }: ImageReference): string {
  return digest ?? tag ?? 'latest';
}
