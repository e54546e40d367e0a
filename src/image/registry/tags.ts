/** Paginated lists: tags of a repository, repositories of a registry. */
import { TspodError } from '../../errors.js';
import type { RegistryClient } from './client.js';
import type { HttpResponse } from './http.js';
import { nameOf, pullScope, type RepositoryAccess } from './location.js';
import { readJson } from './read-body.js';

const MAX_PAGE_BYTES = 8 * 1024 * 1024;
const MAX_PAGES = 1000;
const MAX_ITEMS = 200_000;
/** Requested page size; a registry may return fewer. */
const PAGE = 1000;

/** Returns the tags in the registry's order. Throws NO_SUCH_IMAGE if there is no such repository. */
export async function listTags(access: RepositoryAccess, signal?: AbortSignal): Promise<readonly string[]> {
  const tags: string[] = [];
  const pages = readPages(access.client, {
    first: `/v2/${access.repository}/tags/list?n=${PAGE}`,
    key: 'tags',
    scopes: [pullScope(access.repository)],
    doing: `list tags of ${nameOf(access)}`,
    signal,
  });
  for await (const page of pages) tags.push(...page);
  return tags;
}

/** Yields the registry's repositories page by page, so that the caller can stop early. */
export function listRepositories(client: RegistryClient, signal?: AbortSignal): AsyncGenerator<readonly string[]> {
  return readPages(client, {
    first: `/v2/_catalog?n=${PAGE}`,
    key: 'repositories',
    scopes: ['registry:catalog:*'],
    doing: `list the repositories of ${client.registry}`,
    signal,
  });
}

interface PagesOptions {
  readonly first: string;
  readonly key: string;
  readonly scopes: readonly string[];
  readonly doing: string;
  readonly signal: AbortSignal | undefined;
}

async function* readPages(client: RegistryClient, options: PagesOptions): AsyncGenerator<readonly string[]> {
  const { key, scopes, doing, signal } = options;
  let target: string | URL | undefined = options.first;
  let count = 0;
  for (let page = 0; target !== undefined; page += 1) {
    if (page >= MAX_PAGES) throw new TspodError('REGISTRY_ERROR', `${doing}: more than ${MAX_PAGES} pages`);
    const response: HttpResponse = await client.call({
      method: 'GET',
      target,
      headers: { accept: 'application/json' },
      scopes,
      expect: [200],
      doing,
      notFound: 'NO_SUCH_IMAGE',
      signal,
    });
    const items = itemsOf(await readJson(response, { maxBytes: MAX_PAGE_BYTES, what: 'the list', signal }), key);
    if (items === undefined) throw new TspodError('REGISTRY_ERROR', `${doing}: the answer is not a list`);
    count += items.length;
    if (count > MAX_ITEMS) throw new TspodError('REGISTRY_ERROR', `${doing}: more than ${MAX_ITEMS} items`);
    yield items;
    target = nextPage(client, response, doing);
  }
}

/** Returns the page's items; null is Go's empty list. Undefined if the answer is not a list. */
function itemsOf(answer: unknown, key: string): readonly string[] | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  const items: unknown = Object.hasOwn(answer, key) ? (answer as Readonly<Record<string, unknown>>)[key] : undefined;
  if (items === null || items === undefined) return [];
  if (!Array.isArray(items)) return undefined;
  return items.every((item): item is string => typeof item === 'string' && item.length <= 512) ? items : undefined;
}

/** Returns the next page's URL (Link, RFC 8288), which must be in the same registry. */
function nextPage(client: RegistryClient, response: HttpResponse, doing: string): URL | undefined {
  const target = /<([^>]*)>\s*;[^,]*\brel\s*=\s*"?next"?/i.exec(response.header('link')?.slice(0, 8192) ?? '')?.[1];
  if (target === undefined) return undefined;
  const url = client.resolve(target, response);
  if (url.origin !== response.url.origin)
    throw new TspodError('REGISTRY_ERROR', `${doing}: the next page is on another host`);
  return url;
}
