/** One registry: where it is, who asks, redirects, and trying again. */
import type { Readable } from 'node:stream';

import { TspodError, type ErrorCode } from '../../errors.js';
import { Authorizer } from './authorizer.js';
import type { Credentials } from './credentials.js';
import type { Environment } from './environment.js';
import { HttpClient, type HttpRequest, type HttpResponse } from './http.js';
import { registryError } from './registry-error.js';
import { withRetries, type RetryPolicy } from './retry.js';

const MAX_REDIRECTS = 10;

/** Where the API of a registry is that is known by another name. */
const API_HOSTS: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };

export interface RegistryClientOptions {
  /** No certificate is checked, and HTTP without TLS is taken where there is no TLS. @default false */
  readonly insecure?: boolean;
  /** Certificates in place of those in certs.d. */
  readonly certDirectory?: string;
  /** Asked once, when the registry wants to know. @default nobody */
  readonly credentials?: () => Promise<Credentials | undefined>;
  readonly retry?: RetryPolicy;
  readonly environment: Environment;
}

export interface RegistryCall {
  readonly method: HttpRequest['method'];
  /** Beginning with /v2/, or a place that the registry named. */
  readonly target: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Opened anew for each try. */
  readonly body?: () => Promise<Readable | Buffer> | Buffer;
  /** What is asked for, as token servers name it: repository:library/alpine:pull. */
  readonly scopes?: readonly string[];
  /** Statuses that are an answer. Any other is an error. */
  readonly expect: readonly number[];
  /** For errors: "read manifest latest in quay.io/app". */
  readonly doing: string;
  /** Of the error for 404. @default REGISTRY_ERROR */
  readonly notFound?: ErrorCode;
  /** @default true */
  readonly retried?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export class RegistryClient implements AsyncDisposable {
  /** As references name it: docker.io, localhost:5000. */
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

  /** The answer, whose body is the caller's to read or to discard. Throws what the registry says, or that it cannot be reached. */
  async call(call: RegistryCall): Promise<HttpResponse> {
    const { retried = true, signal } = call;
    return withRetries(retried ? this.retryPolicy : { retries: 0 }, signal, async () => {
      const response = await this.#authorized(call);
      if (call.expect.includes(response.status)) return response;
      const { doing, notFound } = call;
      throw await registryError(response, { doing, signal, ...(notFound === undefined ? {} : { notFound }) });
    });
  }

  /** Where a place that a response names is. Throws REGISTRY_ERROR if it is no address, or one without TLS where the registry has it. */
  resolve(location: string | undefined, response: HttpResponse): URL {
    if (location === undefined || !URL.canParse(location, response.url.href))
      throw new TspodError('REGISTRY_ERROR', `${response.url.host} sends to no address`);
    const url = new URL(location, response.url);
    const isFine = url.protocol === 'https:' || (url.protocol === 'http:' && response.url.protocol === 'http:');
    if (!isFine)
      throw new TspodError('REGISTRY_ERROR', `${response.url.host} sends to ${url.protocol}//${url.host}, without TLS`);
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
      // What the registry sent elsewhere is not told who we are.
      const authorization = url.origin === origin.origin ? await this.#authorizer.header(scopes, signal) : undefined;
      const response = await this.#following(call, url, authorization);
      // Nor does who answers elsewhere have a say in where the password goes.
      if (response.status !== 401 || attempt > 0 || response.url.origin !== origin.origin) return response;
      if (!(await this.#authorizer.learn(response, { scopes, sent: authorization }))) return response;
      await response.discard();
    }
  }

  /** Follows redirects of what changes nothing. Who we are is told to the registry alone, and only once (CVE-2020-15157). */
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

  /** https; where that need not be, and does not answer, http. */
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
