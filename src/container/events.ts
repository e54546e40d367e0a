/** Records what has happened to containers, images and the store. Called after the fact, and never fails. */
import type { EventStatus } from '../events/event.js';
import { realTimeUs } from '../native/primitives.js';
import type { ContainerConfig } from '../spec/config.js';
import type { EngineContext } from './context.js';
import type { HeldContainer } from './held.js';

export interface ContainerEvent {
  readonly id: string;
  /** @default the recorded one */
  readonly name?: string;
  readonly status: EventStatus;
  /** Added to the container's labels. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Microseconds since 1970. @default now */
  readonly timeUs?: number;
  /**
   * Events of the same container, status and key count as one: for an event that may be recorded again after a crash.
   */
  readonly key?: string;
}

/** Records an event of a container, with the container's image, name and labels. Costs one write(2). */
export function recordContainerEvent(context: EngineContext, event: ContainerEvent): void {
  const { events } = context;
  if (events === undefined) return;
  const { id, status, key } = event;
  const config = configOf(context, id);
  events.record({
    timeUs: event.timeUs ?? realTimeUs(),
    type: 'container',
    status,
    id,
    name: event.name ?? nameOf(context, id),
    image: config?.image ?? '',
    attributes: event.attributes === undefined ? (config?.labels ?? {}) : { ...config?.labels, ...event.attributes },
    ...(key === undefined ? {} : { key }),
  });
}

/** Records an event that is not about one container. */
export function recordEngineEvent(
  { events }: EngineContext,
  { status, type = 'system', id = '', name = '', attributes = {} }: EngineEventInput,
): void {
  events?.record({ timeUs: realTimeUs(), type, status, id, name, image: '', attributes });
}

export interface EngineEventInput {
  readonly status: EventStatus;
  /** @default system */
  readonly type?: 'system' | 'container' | 'network' | 'pod' | 'secret' | 'volume';
  /** Id of the object. @default none */
  readonly id?: string;
  readonly name?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface ImageEvent {
  readonly status: EventStatus;
  /** '' for an event about several images. */
  readonly id: string;
  readonly name: string;
}

/** Records an event of an image. */
export function recordImageEvent({ events }: EngineContext, { status, id, name }: ImageEvent): void {
  events?.record({ timeUs: realTimeUs(), type: 'image', status, id, name, image: '', attributes: {} });
}

/** How one run of a container ended. */
export interface End {
  readonly exitCode: number;
  readonly startedUs: number;
  readonly finishedUs: number;
}

/**
 * Records `died` before the container's record says `exited`: after a crash in between, the event is recorded again
 * with the same key.
 */
export function recordEnd({ context, id, name }: HeldContainer, { exitCode, startedUs, finishedUs }: End): void {
  if (startedUs === 0) return; // a container that never ran has not died
  recordContainerEvent(context, {
    id,
    name,
    status: 'died',
    attributes: { containerExitCode: String(exitCode) },
    timeUs: finishedUs,
    key: String(startedUs),
  });
}

function nameOf({ store }: EngineContext, id: string): string {
  try {
    return store.get(id)?.name ?? '';
  } catch {
    return ''; // the engine has been closed meanwhile
  }
}

/** Returns undefined for a record that cannot be read: the event then has neither image nor labels. */
function configOf({ store }: EngineContext, id: string): ContainerConfig | undefined {
  try {
    return store.config(id);
  } catch {
    return undefined;
  }
}
