/** Translates a registry's error response, keeping the registry's own words. */
import { TspodError, type ErrorCode } from '../../errors.js';
import type { HttpResponse } from './http.js';
import { readBody } from './read-body.js';

const MAX_ERROR_BYTES = 64 * 1024;
/** Maximum number of characters shown. */
const MAX_WORDS = 1024;

const CODES: Readonly<Record<number, ErrorCode>> = { 401: 'UNAUTHORIZED', 403: 'UNAUTHORIZED' };

/** Statuses after which the same request may succeed. */
const TRANSIENT = [408, 429, 500, 502, 503, 504];

/**
 * Returns the error for an unexpected response: UNAUTHORIZED (401, 403), `notFound` (404), or REGISTRY_ERROR. `details`
 * has the status, the registry's own errors, `transient`, and `retryAfterMs` if the registry gives one.
 */
export async function registryError(
  response: HttpResponse,
  {
    doing,
    notFound,
    signal,
  }: { readonly doing: string; readonly notFound?: ErrorCode; readonly signal?: AbortSignal | undefined },
): Promise<TspodError> {
  const { status } = response;
  const body = await bodyOf(response, signal);
  const said = errorsOf(body);
  const words = said.length > 0 ? said.map(sentence).join('; ') : plainWords(body);
  const code = (status === 404 ? notFound : undefined) ?? CODES[status] ?? 'REGISTRY_ERROR';
  const retryAfterMs = retryAfter(response.header('retry-after'));
  return new TspodError(code, `${doing}: ${words === '' ? statusWords(status) : words}`, {
    details: {
      status,
      errors: said,
      transient: TRANSIENT.includes(status),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  });
}

interface SaidError {
  readonly code: string;
  readonly message: string;
}

async function bodyOf(response: HttpResponse, signal: AbortSignal | undefined): Promise<string> {
  try {
    return (await readBody(response, { maxBytes: MAX_ERROR_BYTES, what: 'the error', signal })).toString('utf8');
  } catch {
    // The status is enough.
    return '';
  }
}

function errorsOf(body: string): readonly SaidError[] {
  const errors = (parsed(body) as { errors?: unknown } | undefined)?.errors;
  if (!Array.isArray(errors)) return [];
  return errors.slice(0, 8).flatMap((error: unknown) => {
    const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
    if (typeof code !== 'string' && typeof message !== 'string') return [];
    return [{ code: shortened(code), message: shortened(message) }];
  });
}

function parsed(body: string): unknown {
  try {
    return (JSON.parse(body) ?? undefined) as unknown;
  } catch {
    return undefined;
  }
}

/** Formats an error like Docker and Podman do: manifest unknown: manifest unknown. */
function sentence({ code, message }: SaidError): string {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return message === '' ? words : words === '' ? message : `${words}: ${message}`;
}

function plainWords(body: string): string {
  // An HTML page or an empty object is no message.
  return /^\s*(<|\{\s*\}\s*$)/.test(body) ? '' : shortened(body.trim());
}

function shortened(text: unknown): string {
  if (typeof text !== 'string') return '';
  return text.length > MAX_WORDS ? `${text.slice(0, MAX_WORDS)}...` : text;
}

function statusWords(status: number): string {
  const known: Readonly<Record<number, string>> = {
    401: 'authentication required',
    403: 'denied',
    404: 'not found',
    429: 'too many requests',
  };
  return `${known[status] ?? 'the registry answered'} (HTTP status ${status})`;
}

/** Parses seconds or a date. Returns milliseconds. */
function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const time = Date.parse(header);
  return Number.isNaN(time) ? undefined : Math.max(0, time - Date.now());
}
