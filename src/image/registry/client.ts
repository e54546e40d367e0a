/** Client for one registry: address, authentication, redirects and retries. */
import type { Readable } from 'node:stream';

import { TspodError, type ErrorCode } from '../../errors.js';
import { Authorizer } from './authorizer.js';
import type { Credentials } from './credentials.js';
import type { Environment } from './environment.js';
import { HttpClient, type HttpRequest, type HttpResponse } from './http.js';
import { registryError } from './registry-error.js';
import { withRetries, type RetryPolicy } from './retry.js';

const MAX_REDIRECTS = 10;

/** API hosts of registries that are known by another name. */
const API_HOSTS: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };

export interface RegistryClientOptions {
  /** Certificates are not checked, and plain HTTP is used if the registry has no TLS. @default false */
  readonly insecure?: boolean;
  /** Directory of certificates to use instead of those in certs.d. */
  readonly certDirectory?: string;
  /** Called once, when the registry asks for authentication. @default anonymous */
  readonly credentials?: () => Promise<Credentials | undefined>;
  readonly retry?: RetryPolicy;
  readonly environment: Environment;
}

export interface RegistryCall {
  readonly method: HttpRequest['method'];
  /** A path beginning with /v2/, or a URL that the registry returned. */
  readonly target: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Called again for each attempt. */
  readonly body?: () => Promise<Readable | Buffer> | Buffer;
  /** Requested access in the notation of token servers: repository:library/alpine:pull. */
  readonly scopes?: readonly string[];
  /** Expected statuses; any other is an error. */
  readonly expect: readonly number[];
  /** The operation, for errors: "read manifest latest in quay.io/app". */
  readonly doing: string;
  /** Error code for status 404. @default REGISTRY_ERROR */
  readonly notFound?: ErrorCode;
  /** @default true */
  readonly retried?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export class RegistryClient implements AsyncDisposable {
  /** The name in references: docker.io, localhost:5000. */
  readonly registry: string;
  readonly #options: RegistryClientOptions;
  readonly #http: HttpClient;
  readonly #authorizer: Authorizer;
  #origin: Promise<URL> | undefined;

  constructor(registry: string, options: RegistryClientOptions) {
    this.registry = registry;
    this.#options = options;
    const { certDirectory, environment, insecure = false } = options;
    this.#http = new HttpClient({
      verify: !insecure,
      environment,
      certificates: {
        names: [...new Set([registry, this.#apiHost])],
        host: this.#apiHost,
        ...(certDirectory === undefined ? {} : { directory: certDirectory }),
      },
    });
    const credentials = options.credentials ?? (() => Promise.resolve(undefined));
    this.#authorizer = new Authorizer({ http: this.#http, registry, credentials });
  }

  get #apiHost(): string {
    return API_HOSTS[this.registry] ?? this.registry;
  }

  get retryPolicy(): RetryPolicy {
    return this.#options.retry ?? {};
  }

  /**
   * Returns the response, whose body the caller must read or discard. Throws the registry's error, or
   * REGISTRY_UNREACHABLE.
   */
  async call(call: RegistryCall): Promise<HttpResponse> {
    const { retried = true, signal } = call;
    return withRetries(retried ? this.retryPolicy : { retries: 0 }, signal, async () => {
      const response = await this.#authorized(call);
      if (call.expect.includes(response.status)) return response;
      const { doing, notFound } = call;
      throw await registryError(response, { doing, signal, ...(notFound === undefined ? {} : { notFound }) });
    });
  }

  /**
   * Resolves the address in a response's Location. Throws REGISTRY_ERROR if it is invalid, or without TLS although the
   * response came over TLS.
   */
  resolve(location: string | undefined, response: HttpResponse): URL {
    if (location === undefined || !URL.canParse(location, response.url.href))
      throw new TspodError('REGISTRY_ERROR', `${response.url.host} redirects to no address`);
    const url = new URL(location, response.url);
    const isFine = url.protocol === 'https:' || (url.protocol === 'http:' && response.url.protocol === 'http:');
    if (!isFine)
      throw new TspodError(
        'REGISTRY_ERROR',
        `${response.url.host} redirects to ${url.protocol}//${url.host}, without TLS`,
      );
    return url;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http[Symbol.asyncDispose]();
  }

  async #authorized(call: RegistryCall): Promise<HttpResponse> {
    const { scopes = [], signal } = call;
    const origin = await (this.#origin ??= this.#findOrigin(signal).catch((error: unknown) => {
      this.#origin = undefined;
      throw error;
    }));
    const url = new URL(call.target.toString(), origin);
    for (let attempt = 0; ; attempt += 1) {
      // Other hosts, which the registry referred to, do not get the credentials.
      const authorization = url.origin === origin.origin ? await this.#authorizer.header(scopes, signal) : undefined;
      const response = await this.#following(call, url, authorization);
      // Nor may another host decide where the password is sent.
      if (response.status !== 401 || attempt > 0 || response.url.origin !== origin.origin) return response;
      if (!(await this.#authorizer.learn(response, { scopes, sent: authorization }))) return response;
      await response.discard();
    }
  }

  /** Follows redirects of GET and HEAD. Credentials are sent only to the original host (CVE-2020-15157). */
  async #following(call: RegistryCall, start: URL, authorization: string | undefined): Promise<HttpResponse> {
    const { method, headers = {}, body, signal } = call;
    let url = start;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
      const isSame = url.origin === start.origin;
      const response = await this.#http.send({
        method,
        url,
        headers: { ...headers, ...(isSame && authorization !== undefined ? { authorization } : {}) },
        ...(body === undefined ? {} : { body: await body() }),
        ...(signal === undefined ? {} : { signal }),
      });
      const isRedirect = [301, 302, 303, 307, 308].includes(response.status);
      if (!isRedirect || (method !== 'GET' && method !== 'HEAD')) return response;
      await response.discard();
      url = this.resolve(response.header('location'), response);
    }
    throw new TspodError('REGISTRY_ERROR', `${call.doing}: more than ${MAX_REDIRECTS} redirects`);
  }

  /** Returns the origin: https, or http if the registry is insecure and https does not answer. */
  async #findOrigin(signal: AbortSignal | undefined): Promise<URL> {
    const host = this.#apiHost;
    const secure = new URL(`https://${host}`);
    if (this.#options.insecure !== true) return secure;
    const given = signal === undefined ? {} : { signal };
    try {
      await (await this.#http.send({ method: 'GET', url: new URL('/v2/', secure.href), ...given })).discard();
      return secure;
    } catch (error) {
      if (signal?.aborted === true) throw error;
    }
    const plain = new URL(`http://${host}`);
    return withRetries(this.retryPolicy, signal, async () => {
      await (await this.#http.send({ method: 'GET', url: new URL('/v2/', plain.href), ...given })).discard();
      return plain;
    });
  }
}
