/** Uploads a blob: in one request if it is small, else in parts that can be resumed. */
import { Readable } from 'node:stream';

import { isTspodError, TspodError } from '../../errors.js';
import type { Descriptor } from '../../oci/image.js';
import type { BlobUpload } from '../transport.js';
import { blobPath, nameOf, pullScope, pushScope, type RepositoryAccess } from './location.js';
import { withRetries } from './retry.js';

/** Smaller blobs are sent in the request that ends the upload, which saves a request. */
const MONOLITHIC_BYTES = 1024 * 1024;

export interface UploadTarget extends RepositoryAccess {
  /** Maximum number of bytes per request, for registries behind a proxy with a limit. @default no limit */
  readonly chunkBytes?: number | undefined;
  /** Returns a repository's path in this registry; undefined if it is in another one. @default derived from the name */
  readonly repositoryHere?: (name: string) => string | undefined;
}

/** Whether the repository has the blob. */
export async function hasBlob(
  access: RepositoryAccess,
  digest: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { client, repository } = access;
  const response = await client.call({
    method: 'HEAD',
    target: blobPath(repository, digest),
    scopes: [pushScope(repository)],
    expect: [200, 404],
    doing: `look for blob ${digest} in ${nameOf(access)}`,
    signal,
  });
  await response.discard();
  return response.status === 200;
}

/**
 * Mounts the blob from another repository of the registry, or uploads it. Throws the registry's errors, and
 * DIGEST_MISMATCH if there are more or fewer bytes than the descriptor says.
 */
export async function uploadBlob(
  target: UploadTarget,
  descriptor: Descriptor,
  upload: BlobUpload,
): Promise<'uploaded' | 'mounted'> {
  for (const from of mountable(target, upload)) {
    if (await mount(target, { descriptor, from, signal: upload.signal })) return 'mounted';
  }
  if (descriptor.size > MONOLITHIC_BYTES) await sendParts(target, { descriptor, upload });
  else await sendWhole(target, { descriptor, upload });
  return 'uploaded';
}

/**
 * A registry that cannot mount from the first few repositories will not mount at all, and each attempt costs a request.
 */
const MAX_MOUNTS = 3;

function mountable({ client, repository, repositoryHere }: UploadTarget, { mountFrom = [] }: BlobUpload): string[] {
  const prefix = `${client.registry}/`;
  const here = repositoryHere ?? ((name) => (name.startsWith(prefix) ? name.slice(prefix.length) : undefined));
  const found = new Set(mountFrom.map(here).filter((name) => name !== undefined));
  found.delete(repository);
  return [...found].slice(0, MAX_MOUNTS);
}

interface Sending {
  readonly descriptor: Descriptor;
  readonly upload: BlobUpload;
}

async function mount(
  target: RepositoryAccess,
  { descriptor, from, signal }: { descriptor: Descriptor; from: string; signal: AbortSignal | undefined },
): Promise<boolean> {
  const { client, repository } = target;
  try {
    const response = await client.call({
      method: 'POST',
      target: `/v2/${repository}/blobs/uploads/?mount=${descriptor.digest}&from=${encodeURIComponent(from)}`,
      headers: { 'content-length': '0' },
      scopes: [pushScope(repository), pullScope(from)],
      expect: [201, 202],
      doing: `mount blob ${descriptor.digest} of ${from} in ${nameOf(target)}`,
      signal,
    });
    await response.discard();
    if (response.status === 202) await cancel(target, client.resolve(response.header('location'), response), signal);
    return response.status === 201;
  } catch (error) {
    // Without read access to the other repository, the blob can still be uploaded.
    if (isTspodError(error, 'ABORTED') || isTspodError(error, 'REGISTRY_UNREACHABLE')) throw error;
    return false;
  }
}

/** Cancels the upload that the registry began instead of mounting, and would otherwise keep for a while. */
async function cancel(target: RepositoryAccess, place: URL, signal: AbortSignal | undefined): Promise<void> {
  const { client, repository } = target;
  try {
    const call = { method: 'DELETE', target: place, scopes: [pushScope(repository)], retried: false, signal } as const;
    await (await client.call({ ...call, expect: [200, 202, 204], doing: 'cancel an upload' })).discard();
  } catch (error) {
    if (isTspodError(error, 'ABORTED')) throw error;
  }
}

async function begin(target: RepositoryAccess, signal: AbortSignal | undefined): Promise<URL> {
  const { client, repository } = target;
  const response = await client.call({
    method: 'POST',
    target: `/v2/${repository}/blobs/uploads/`,
    headers: { 'content-length': '0' },
    scopes: [pushScope(repository)],
    expect: [202],
    doing: `begin an upload to ${nameOf(target)}`,
    signal,
  });
  await response.discard();
  return client.resolve(response.header('location'), response);
}

async function sendWhole(target: UploadTarget, { descriptor, upload }: Sending): Promise<void> {
  const { signal } = upload;
  await withRetries(target.client.retryPolicy, signal, async () => {
    const place = await begin(target, signal);
    const body = await readExactly(await upload.open(), descriptor);
    await finish(target, place, { descriptor, body, signal });
  });
}

async function sendParts(target: UploadTarget, { descriptor, upload }: Sending): Promise<void> {
  const { client, chunkBytes = Infinity } = target;
  const { signal } = upload;
  let at: Progress = { place: await begin(target, signal), sent: 0 };
  while (at.sent < descriptor.size) {
    const end = Math.min(at.sent + chunkBytes, descriptor.size);
    at = await withRetries(client.retryPolicy, signal, async (attempt) => {
      // A failed request may have sent some bytes: the registry tells how many.
      if (attempt > 0) at = await progress(target, at.place, signal);
      return at.sent >= end ? at : sendPart(target, at.place, { descriptor, upload, start: at.sent, end });
    });
  }
  await withRetries(client.retryPolicy, signal, async (attempt) => {
    // The answer to the previous attempt may have been lost.
    if (attempt > 0 && (await hasBlob(target, descriptor.digest, signal))) return;
    await finish(target, at.place, { descriptor, body: Buffer.alloc(0), signal });
  });
}

interface Progress {
  readonly place: URL;
  readonly sent: number;
}

async function sendPart(
  target: UploadTarget,
  place: URL,
  { descriptor, upload, start, end }: Sending & { start: number; end: number },
): Promise<Progress> {
  const { client, repository } = target;
  const isWhole = start === 0 && end === descriptor.size;
  const response = await client.call({
    method: 'PATCH',
    target: place,
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(end - start),
      ...(isWhole ? {} : { 'content-range': `${start}-${end - 1}` }),
    },
    body: async () => partStream(await upload.open(), descriptor, { start, end }),
    scopes: [pushScope(repository)],
    expect: [202, 204],
    doing: `send blob ${descriptor.digest} to ${nameOf(target)}`,
    retried: false,
    signal: upload.signal,
  });
  await response.discard();
  return { place: client.resolve(response.header('location') ?? place.toString(), response), sent: end };
}

/** Returns how far the upload has come; begins a new one if the registry has lost it. */
async function progress(target: RepositoryAccess, place: URL, signal: AbortSignal | undefined): Promise<Progress> {
  const { client, repository } = target;
  const response = await client.call({
    method: 'GET',
    target: place,
    scopes: [pushScope(repository)],
    expect: [202, 204, 404],
    doing: `ask how far an upload to ${nameOf(target)} came`,
    signal,
  });
  await response.discard();
  if (response.status === 404) return { place: await begin(target, signal), sent: 0 };
  const last = /^(?:bytes=)?0-(\d+)$/.exec(response.header('range') ?? '')?.[1];
  // 0-0 may also mean that nothing was received.
  const sent = last === undefined || last === '0' ? 0 : Number(last) + 1;
  return { place: client.resolve(response.header('location') ?? place.toString(), response), sent };
}

async function finish(
  target: UploadTarget,
  place: URL,
  { descriptor, body, signal }: { descriptor: Descriptor; body: Buffer; signal: AbortSignal | undefined },
): Promise<void> {
  const { client, repository } = target;
  const url = new URL(place);
  url.searchParams.set('digest', descriptor.digest);
  const response = await client.call({
    method: 'PUT',
    target: url,
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(body.length) },
    body: () => body,
    scopes: [pushScope(repository)],
    expect: [201, 202, 204],
    doing: `end the upload of blob ${descriptor.digest} to ${nameOf(target)}`,
    retried: false,
    signal,
  });
  await response.discard();
}

function partStream(source: Readable, descriptor: Descriptor, range: { start: number; end: number }): Readable {
  const stream = Readable.from(part(source, descriptor, range), { objectMode: false });
  // Also if nothing was read from it.
  stream.once('close', () => source.destroy());
  return stream;
}

async function readExactly(source: Readable, descriptor: Descriptor): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of part(source, descriptor, { start: 0, end: descriptor.size })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * Yields the bytes from `start` to `end`. Checks that the source is no longer than the blob if the range reaches its
 * end.
 */
async function* part(
  source: Readable,
  { digest, size }: Descriptor,
  { start, end }: { readonly start: number; readonly end: number },
): AsyncGenerator<Buffer, void, undefined> {
  let at = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    const wanted = chunk.subarray(Math.max(0, start - at), Math.max(0, end - at));
    at += chunk.length;
    if (at > size) throw new TspodError('DIGEST_MISMATCH', `send blob ${digest}: it is longer than ${size} bytes`);
    if (wanted.length > 0) yield wanted;
    if (at >= end && end < size) return;
  }
  if (at < end) throw new TspodError('DIGEST_MISMATCH', `send blob ${digest}: it is shorter than ${size} bytes`);
}
