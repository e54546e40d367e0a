/** What images in the store are called: REPOSITORY:TAG, or REPOSITORY@DIGEST for what was pulled by its digest. */

export function isTagged(name: string): boolean {
  return !name.includes('@');
}

/** Without tag and digest. */
export function repositoryOf(name: string): string {
  return isTagged(name) ? name.slice(0, name.lastIndexOf(':')) : name.slice(0, name.indexOf('@'));
}

/** Undefined for one with a digest. */
export function tagOf(name: string): string | undefined {
  return isTagged(name) ? name.slice(name.lastIndexOf(':') + 1) : undefined;
}
