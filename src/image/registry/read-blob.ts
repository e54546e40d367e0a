/** Streams a blob, and resumes where the connection was cut off. */
import { Readable } from 'node:stream';

import { isTspodError, TspodError } from '../../errors.js';
import type { Descriptor } from '../../oci/image.js';
import type { BlobRequest } from '../transport.js';
import { httpError, type HttpResponse } from './http.js';
import { blobPath, nameOf, pullScope, type RepositoryAccess } from './location.js';
import { isTransient, withRetries } from './retry.js';

/**
 * Returns a stream of the blob from `offset`, or from its beginning if the registry does not support ranges; the
 * `offset` of the result tells which. After a network failure the rest is requested again. The stream fails with
 * DIGEST_MISMATCH if it is longer or shorter than the descriptor says; the reader must verify the digest.
 */
export async function readBlob(
  access: RepositoryAccess,
  descriptor: Descriptor,
  { offset = 0, signal }: BlobRequest,
): Promise<{ readonly stream: Readable; readonly offset: number }> {
  const first = await ask(access, { descriptor, offset, signal });
  const stream = Readable.from(bytesFrom(access, { descriptor, signal, ...first }), {
    objectMode: false,
    highWaterMark: 1024 * 1024,
  });
  // A stream that nobody reads must not keep the connection open.
  stream.once('close', () => first.response.body.destroy());
  return { stream, offset: first.offset };
}

interface BlobPart {
  readonly descriptor: Descriptor;
  readonly offset: number;
  readonly signal: AbortSignal | undefined;
}

interface Answer {
  readonly response: HttpResponse;
  /** Offset of the response's first byte. */
  readonly offset: number;
}

async function ask(access: RepositoryAccess, { descriptor, offset, signal }: BlobPart): Promise<Answer> {
  const { client, repository } = access;
  const doing = `read blob ${descriptor.digest} in ${nameOf(access)}`;
  const response = await client.call({
    method: 'GET',
    target: blobPath(repository, descriptor.digest),
    headers: offset > 0 ? { range: `bytes=${offset}-` } : {},
    scopes: [pullScope(repository)],
    expect: [200, 206],
    doing,
    signal,
  });
  if (response.status === 200) return { response, offset: 0 };
  const start = /^bytes (\d+)-/.exec(response.header('content-range') ?? '')?.[1];
  if (Number(start) === offset) return { response, offset };
  response.body.destroy();
  throw new TspodError('REGISTRY_ERROR', `${doing}: the registry returned a different range than was requested`);
}

async function* bytesFrom(access: RepositoryAccess, part: BlobPart & Answer): AsyncGenerator<Buffer, void, undefined> {
  const { descriptor, signal } = part;
  let { response, offset: at } = part;
  /** Offset up to which the bytes were passed on. */
  let done = part.offset;
  for (let failures = 0; ;) {
    try {
      for await (const chunk of response.body as AsyncIterable<Buffer>) {
        const fresh = chunk.subarray(Math.max(0, done - at));
        at += chunk.length;
        if (at > descriptor.size) throw mismatch(access, descriptor, 'longer');
        if (fresh.length === 0) continue;
        done = at;
        failures = 0;
        yield fresh;
      }
      if (done === descriptor.size) return;
      throw new TspodError('DIGEST_MISMATCH', mismatch(access, descriptor, 'shorter').message, {
        details: { transient: true },
      });
    } catch (error) {
      const known = isTspodError(error) ? error : httpError(error, response.url, signal);
      response.body.destroy();
      failures += 1;
      const mayHelp: boolean = isTransient(known);
      if (!mayHelp) throw known;
      ({ response, offset: at } = await again(access, { descriptor, offset: done, signal }, known, failures));
    }
  }
}

/** Requests the rest after a pause. Throws `cutOff` after too many failures without a byte in between. */
function again(access: RepositoryAccess, part: BlobPart, cutOff: TspodError, failures: number): Promise<Answer> {
  const { retries = 3, ...policy } = access.client.retryPolicy;
  let isFirst = true;
  return withRetries({ ...policy, retries: failures > retries ? 0 : 1 }, part.signal, async () => {
    if (isFirst) {
      isFirst = false;
      throw cutOff;
    }
    return ask(access, part);
  });
}

function mismatch(access: RepositoryAccess, { digest, size }: Descriptor, how: 'longer' | 'shorter'): TspodError {
  return new TspodError('DIGEST_MISMATCH', `read blob ${digest} in ${nameOf(access)}: it is ${how} than ${size} bytes`);
}
