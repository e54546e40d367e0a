/** Where the parts of an image are in a registry: paths of the distribution specification, and what token servers call them. */
import type { ImageReference } from '../reference.js';
import type { RegistryClient } from './client.js';

/** One repository of a registry, which may be a mirror of the one that the user named. */
export interface RepositoryAccess {
  readonly client: RegistryClient;
  /** Within the registry: library/alpine. */
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

/** Of messages: quay.io/app. */
export function nameOf({ client, repository }: RepositoryAccess): string {
  return `${client.registry}/${repository}`;
}

/** What a manifest is asked for by. */
export function tagOrDigestOf({ tag, digest }: ImageReference): string {
  return digest ?? tag ?? 'latest';
}
