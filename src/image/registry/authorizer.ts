/**
 * Authenticates requests: `Basic`, or `Bearer` with a token that a token server issues for credentials and scopes
 * (https://distribution.github.io/distribution/spec/auth/token/). Nothing is sent before the registry asks for it.
 */
import { TspodError } from '../../errors.js';
import { monotonicMs } from '../../native/primitives.js';
import type { Credentials } from './credentials.js';
import { parseChallenges, type Challenge } from './challenge.js';
import type { HttpClient, HttpResponse } from './http.js';
import { readJson } from './read-body.js';
import { registryError } from './registry-error.js';

const MAX_TOKEN_BYTES = 1024 * 1024;
/** Lifetime of a token if the server gives none; also the minimum assumed. */
const DEFAULT_LIFE_SECONDS = 60;
/** How long before its expiry a token is renewed. */
const MARGIN_MS = 10_000;

export interface AuthorizerOptions {
  readonly http: HttpClient;
  /** The registry as the user names it, for messages. */
  readonly registry: string;
  readonly credentials: () => Promise<Credentials | undefined>;
}

interface Token {
  readonly text: string;
  readonly renewAt: number;
}

/** Remembers what the registry asked for, the credentials, and the tokens by scopes. */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  #challenge: Challenge | undefined;
  /** Tokens by scopes. */
  readonly #tokens = new Map<string, Promise<Token>>();
  #credentials: Promise<Credentials | undefined> | undefined;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /**
   * Returns the Authorization header for a request with these scopes; undefined until the registry has asked for one.
   */
  async header(scopes: readonly string[], signal: AbortSignal | undefined): Promise<string | undefined> {
    if (this.#challenge === undefined) return undefined;
    if (this.#challenge.scheme === 'basic') {
      const credentials = await this.#known();
      return credentials === undefined ? undefined : basic(credentials);
    }
    return `Bearer ${(await this.#token(this.#challenge, scopes, signal)).text}`;
  }

  /** Processes the challenge of a 401 response. Returns false if another attempt could not succeed either. */
  async learn(
    response: HttpResponse,
    { scopes, sent }: { scopes: readonly string[]; sent: string | undefined },
  ): Promise<boolean> {
    const challenge = choose(parseChallenges(response.header('www-authenticate') ?? ''));
    if (challenge === undefined) return false;
    if (challenge.scheme === 'bearer') realmOf(challenge, response.url, this.#options.registry);
    this.#challenge = challenge;
    if (challenge.scheme === 'basic') return sent === undefined && (await this.#known()) !== undefined;
    // A refused token may have been revoked.
    if (sent !== undefined) this.#tokens.delete(keyOf(scopes));
    return true;
  }

  #known(): Promise<Credentials | undefined> {
    return (this.#credentials ??= this.#options.credentials());
  }

  async #token(challenge: Challenge, scopes: readonly string[], signal: AbortSignal | undefined): Promise<Token> {
    const key = keyOf(scopes);
    const held = await this.#tokens.get(key)?.catch(() => undefined);
    if (held !== undefined && monotonicMs() < held.renewAt) return held;
    const asked = this.#ask(challenge, scopes, signal);
    this.#tokens.set(key, asked);
    // A failed request is not cached.
    asked.catch(() => this.#tokens.delete(key));
    return asked;
  }

  async #ask(challenge: Challenge, scopes: readonly string[], signal: AbortSignal | undefined): Promise<Token> {
    const { http, registry } = this.#options;
    const realm = new URL(challenge.parameters.get('realm') ?? '');
    const credentials = await this.#known();
    const service = challenge.parameters.get('service');
    const wanted = scopes.length > 0 ? scopes : (challenge.parameters.get('scope')?.split(' ') ?? []);
    const started = monotonicMs();
    const response = await http.send({
      ...(credentials?.kind === 'token'
        ? exchange(realm, { service, scopes: wanted, token: credentials.token })
        : query(realm, { service, scopes: wanted, credentials })),
      ...(signal === undefined ? {} : { signal }),
    });
    const doing = `get a token for ${registry} from ${realm.host}`;
    if (response.status !== 200) throw await registryError(response, { doing, signal });
    return tokenOf(await readJson(response, { maxBytes: MAX_TOKEN_BYTES, what: 'the token', signal }), started, doing);
  }
}

/** Chooses a challenge. Bearer is preferred: then the password goes only to the token server. */
function choose(challenges: readonly Challenge[]): Challenge | undefined {
  return (
    challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm')) ??
    challenges.find(({ scheme }) => scheme === 'basic')
  );
}

/**
 * Returns the token server's address. The password is sent there, so never without TLS if the registry uses TLS
 * (CVE-2019-10214).
 */
function realmOf(challenge: Challenge, registryUrl: URL, registry: string): URL {
  const text = challenge.parameters.get('realm') ?? '';
  const realm = URL.canParse(text) ? new URL(text) : undefined;
  if (realm?.protocol === 'https:' || (realm?.protocol === 'http:' && registryUrl.protocol === 'http:')) return realm;
  throw new TspodError(
    'REGISTRY_ERROR',
    `${registry} names a token server that cannot be trusted with a password: ${JSON.stringify(text.slice(0, 256))}`,
  );
}

interface TokenRequest {
  readonly service: string | undefined;
  readonly scopes: readonly string[];
}

function query(realm: URL, { service, scopes, credentials }: TokenRequest & { credentials: Credentials | undefined }) {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (credentials?.kind !== 'password') return { method: 'GET', url } as const;
  url.searchParams.set('account', credentials.username);
  return { method: 'GET', url, headers: { authorization: basic(credentials) } } as const;
}

/** Exchanges an identity token (OAuth 2), which a credential helper may have in place of a password. */
function exchange(realm: URL, { service, scopes, token }: TokenRequest & { token: string }) {
  const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token, client_id: 'tspod' });
  if (service !== undefined) form.set('service', service);
  if (scopes.length > 0) form.set('scope', scopes.join(' '));
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return { method: 'POST', url: realm, headers, body: form.toString() } as const;
}

function tokenOf(answer: unknown, started: number, doing: string): Token {
  const { token, access_token: access, expires_in: life } = (answer ?? {}) as Readonly<Record<string, unknown>>;
  const text = [token, access].find((value): value is string => typeof value === 'string' && value !== '');
  // The token is used in a header.
  if (text === undefined || !/^[\x21-\x7e]+$/.test(text))
    throw new TspodError('REGISTRY_ERROR', `${doing}: the answer has no token`);
  const seconds = typeof life === 'number' && life > DEFAULT_LIFE_SECONDS ? life : DEFAULT_LIFE_SECONDS;
  return { text, renewAt: started + seconds * 1000 - MARGIN_MS };
}

function basic(credentials: Credentials): string | never {
  const pair =
    credentials.kind === 'token' ? `<token>:${credentials.token}` : `${credentials.username}:${credentials.password}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

function keyOf(scopes: readonly string[]): string {
  return scopes.join(' ');
}
