/** HTTP requests to a host: TLS, proxies, timeouts. Redirects are not followed and nothing is retried here. */
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';

import { TspodError } from '../../errors.js';
import { abortedError } from '../../native/abort.js';
import { certificatesFor, type CertificatePlace } from './certificates.js';
import { proxyFor, type Environment } from './environment.js';

const CONNECT_TIMEOUT_MS = 30_000;
/** Long because a registry answers only after it has moved a large blob into place. */
const ANSWER_TIMEOUT_MS = 300_000;
/** Time limit between two chunks. */
const SILENCE_TIMEOUT_MS = 60_000;
const MAX_HEADER_BYTES = 64 * 1024;

export interface HttpOptions {
  /** Whether certificates are verified. */
  readonly verify: boolean;
  readonly certificates: CertificatePlace;
  readonly environment: Environment;
}

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | Readable;
  readonly signal?: AbortSignal;
}

export interface HttpResponse {
  readonly url: URL;
  readonly status: number;
  /** Several headers of one name are joined by commas. */
  header(name: string): string | undefined;
  /** Its errors are those of the network; `httpError` translates them. */
  readonly body: Readable;
  /** Reads the rest of the body if that is small, so that the connection can be reused. */
  discard(): Promise<void>;
}

/** Connections to any host, kept open between requests. */
export class HttpClient implements AsyncDisposable {
  readonly #options: HttpOptions;
  readonly #dispatchers = new Map<string, Promise<Dispatcher>>();

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  /** Sends a request. Throws REGISTRY_UNREACHABLE or ABORTED. */
  async send({ method, url, headers = {}, body, signal }: HttpRequest): Promise<HttpResponse> {
    const { request } = await import('undici');
    const dispatcher = await this.#dispatcher(url);
    try {
      const answer = await request(url, {
        method,
        headers: { 'user-agent': 'tspod', 'accept-encoding': 'identity', ...headers },
        dispatcher,
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      });
      const { body: stream, headers: received } = answer;
      // A body that is abandoned fails without a reader.
      stream.on('error', nothing);
      return {
        url,
        status: answer.statusCode,
        header: (name) => joined(received[name.toLowerCase()]),
        body: stream,
        discard: () => stream.dump({ limit: 128 * 1024 }).then(nothing, nothing),
      };
    } catch (error) {
      throw httpError(error, url, signal);
    }
  }

  #dispatcher(url: URL): Promise<Dispatcher> {
    let dispatcher = this.#dispatchers.get(url.origin);
    if (dispatcher === undefined) {
      dispatcher = makeDispatcher(url, this.#options);
      this.#dispatchers.set(url.origin, dispatcher);
    }
    return dispatcher;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = await Promise.allSettled(this.#dispatchers.values());
    this.#dispatchers.clear();
    for (const dispatcher of opened) if (dispatcher.status === 'fulfilled') await dispatcher.value.destroy();
  }
}

async function makeDispatcher(url: URL, { verify, certificates, environment }: HttpOptions): Promise<Dispatcher> {
  const { Agent, ProxyAgent } = await import('undici');
  const tls =
    url.protocol === 'https:'
      ? { secureContext: certificatesFor(url.host, { ...certificates, environment }), rejectUnauthorized: verify }
      : {};
  const limits = {
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: SILENCE_TIMEOUT_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    connect: { timeout: CONNECT_TIMEOUT_MS, ...tls },
  };
  const proxy = proxyFor(url, environment);
  if (proxy === undefined) return new Agent(limits);
  // Many proxies allow tunnels only to port 443, so plain HTTP requests are sent to the proxy itself.
  return new ProxyAgent({ ...limits, uri: proxy, requestTls: limits.connect, proxyTunnel: url.protocol === 'https:' });
}

/** Errors that a retry would not fix. */
const LASTING =
  /^(ENOTFOUND|ECONNREFUSED|CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|UND_ERR_INVALID|EPROTO|ERR_INVALID)/;

/**
 * Translates a network error into ABORTED, or REGISTRY_UNREACHABLE, whose `details.transient` tells whether a retry may
 * help.
 */
export function httpError(error: unknown, url: URL, signal: AbortSignal | undefined): TspodError {
  if (signal?.aborted === true) return abortedError(`talk to ${url.host}`, signal);
  if (error instanceof TspodError) return error;
  const { code, message } = firstCause(error);
  const words = isPlainAnswer(code, message) ? PLAIN_ANSWER : message.trim();
  return new TspodError('REGISTRY_UNREACHABLE', `talk to ${url.host}: ${words}`, {
    cause: error,
    details: { host: url.host, reason: code, transient: !LASTING.test(code) },
  });
}

const PLAIN_ANSWER = 'server gave HTTP response to HTTPS client';

/** Whether the server answered without TLS: OpenSSL reads the first bytes as a wrong version, or as a length. */
function isPlainAnswer(code: string, message: string): boolean {
  return (
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG'].includes(code) ||
    /:(wrong version number|packet length too long):/.test(message)
  );
}

/** Returns the first error if several addresses were tried. */
function firstCause(error: unknown): { readonly code: string; readonly message: string } {
  const first = error instanceof AggregateError && error.errors.length > 0 ? (error.errors[0] as unknown) : error;
  if (!(first instanceof Error)) return { code: 'UNKNOWN', message: String(first) };
  const code = 'code' in first && typeof first.code === 'string' ? first.code : 'UNKNOWN';
  return { code, message: first.message === '' ? code : first.message };
}

function joined(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

function nothing(): void {}
