/** Events as Podman prints them: as a line, as JSON, and for templates. */
import type { EngineEvent } from '../../engine/events.js';
import { stringMap, struct, type GoStruct } from '../format/values.js';
import { shortId } from '../../util/short-id.js';

/** Attributes that have fields of their own in Podman. */
const EXIT_CODE = 'containerExitCode';
const HEALTH = 'health_status';
const NETWORK = 'network';

export function eventLine(event: EngineEvent, { truncate }: { readonly truncate: boolean }): string {
  const { type, status } = event;
  const id = truncate ? shortId(event.id) : event.id;
  const named = detailsOf(event, id);
  const called = type === 'volume' ? event.name : id;
  const words = [printedTime(event.timeUs), type, status, ...(called === '' ? [] : [called])];
  return `${words.join(' ')}${named.length === 0 ? '' : ` (${named.join(', ')})`}\n`;
}

function detailsOf({ type, image, name, attributes }: EngineEvent, id: string): readonly string[] {
  const network = attributes[NETWORK];
  // A container was connected to the network or disconnected from it.
  if (type === 'network' && network !== undefined) return [`container=${id}`, `name=${network}`];
  const names = Object.keys(attributes).sort();
  const pairs = [...names.filter((key) => key === HEALTH), ...names.filter((key) => key !== HEALTH)].map(
    (key) => `${key}=${attributes[key] ?? ''}`,
  );
  return id === '' ? pairs : [`image=${image}`, `name=${name}`, ...pairs];
}

/** Returns an event as JSON data; empty fields are omitted. */
export function eventJson(event: EngineEvent): Record<string, unknown> {
  const code = event.attributes[EXIT_CODE];
  const health = event.attributes[HEALTH];
  const network = event.attributes[NETWORK];
  return {
    ...(code === undefined ? {} : { ContainerExitCode: Number(code) }),
    ...(event.id === '' ? {} : { ID: event.id }),
    ...(event.image === '' ? {} : { Image: event.image }),
    ...(event.name === '' ? {} : { Name: event.name }),
    ...(network === undefined || event.type !== 'network' ? {} : { network }),
    Status: event.status,
    Time: rfc3339(event.timeUs),
    Type: event.type,
    ...(health === undefined ? {} : { [HEALTH]: health }),
    Attributes: event.attributes,
  };
}

export function eventStruct(event: EngineEvent): GoStruct {
  const { attributes } = event;
  return struct('*events.Event', {
    Attributes: stringMap(attributes),
    ContainerExitCode: Number(attributes[EXIT_CODE] ?? 0),
    HealthStatus: attributes[HEALTH] ?? '',
    ID: event.id,
    Image: event.image,
    Name: event.name,
    Network: attributes[NETWORK] ?? '',
    Status: event.status,
    Time: { kind: 'time', text: rfc3339(event.timeUs) },
    Type: event.type,
  });
}

/** Formats a time as 2026-11-25T21:00:00.123456Z, without trailing zeros, as Go does. */
function rfc3339(timeUs: number): string {
  const { seconds, fraction } = parts(timeUs);
  return `${seconds}${fraction}Z`;
}

/** Formats a time as 2026-11-25 21:00:00.123456 +0000 UTC. */
function printedTime(timeUs: number): string {
  const { seconds, fraction } = parts(timeUs);
  return `${seconds.replace('T', ' ')}${fraction} +0000 UTC`;
}

function parts(timeUs: number): { readonly seconds: string; readonly fraction: string } {
  const second = Math.floor(timeUs / 1e6);
  const digits = String(timeUs - second * 1e6)
    .padStart(6, '0')
    .replace(/0+$/, '');
  return {
    seconds: new Date(second * 1000).toISOString().slice(0, 19),
    fraction: digits === '' ? '' : `.${digits}`,
  };
}
