/** Names of images in the store: REPOSITORY:TAG, or REPOSITORY@DIGEST for an image that was pulled by digest. */

export function isTagged(name: string): boolean {
  return !name.includes('@');
}

/** Returns the name without tag and digest. */
export function repositoryOf(name: string): string {
  return isTagged(name) ? name.slice(0, name.lastIndexOf(':')) : name.slice(0, name.indexOf('@'));
}

/** Returns the tag; undefined for a name with a digest. */
export function tagOf(name: string): string | undefined {
  return isTagged(name) ? name.slice(name.lastIndexOf(':') + 1) : undefined;
}
