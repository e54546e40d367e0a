/** Reads response bodies completely, up to a size limit. */
import { TspodError } from '../../errors.js';
import { httpError, type HttpResponse } from './http.js';

export interface ReadBodyOptions {
  readonly maxBytes: number;
  /** The content, for the error: "the list of tags". */
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
}

/** Reads the body. Throws REGISTRY_ERROR if it is longer, REGISTRY_UNREACHABLE or ABORTED if it is cut off. */
export async function readBody(response: HttpResponse, { maxBytes, what, signal }: ReadBodyOptions): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      length += chunk.length;
      // Leaving the loop closes the connection.
      if (length > maxBytes)
        throw new TspodError('REGISTRY_ERROR', `${response.url.host}: ${what} is larger than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw httpError(error, response.url, signal);
  }
  return Buffer.concat(chunks, length);
}

/** Reads the body like readBody(), and parses it as JSON. */
export async function readJson(response: HttpResponse, options: ReadBodyOptions): Promise<unknown> {
  const body = await readBody(response, options);
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch (error) {
    const why = `${response.url.host}: ${options.what} is not JSON`;
    throw new TspodError('REGISTRY_ERROR', why, { cause: error });
  }
}
