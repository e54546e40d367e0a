/** What a command works with: the engine, output, and the calling process. */
import type { EventsBackend } from '../events/event-log.js';
import type { StoreCheck } from '../engine/images/types.js';
import type { Engine } from '../engine/types.js';
import type { Caller } from './parse/caller.js';

/** Values of the global flags, which stand before the command. */
export interface Globals {
  readonly root?: string;
  readonly runRoot?: string;
  readonly networkConfigDir?: string;
  readonly cgroupManager?: 'cgroupfs' | 'systemd';
  readonly logLevel: LogLevel;
  readonly eventsBackend: EventsBackend;
  readonly hooksDirectories: readonly string[];
  /** OCI runtime for new containers in place of tspod's own. */
  readonly runtime?: string;
  readonly runtimeFlags?: readonly string[];
  /** Descriptor for output; undefined discards it. */
  readonly stdout: number | undefined;
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'warning', 'error', 'fatal', 'panic'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Context {
  readonly globals: Globals;
  readonly caller: Caller;
  /** Returns the engine, which is opened on the first call. */
  engine(): Promise<Engine>;
  /** Resolves when background work that the command has caused is done; at once if there is none. */
  settled(): Promise<void>;
  /** Calls checkStore() of the library for the store that the flags name. */
  checkStore(options: { readonly repair: boolean }): Promise<StoreCheck>;
  /** Writes text to stdout, escaping control characters if that is a terminal. */
  out(text: string): Promise<void>;
  /** Clears the screen if stdout is a terminal. */
  clearScreen(): Promise<void>;
  /** Writes text to stderr, escaped like that of out(). */
  err(text: string): Promise<void>;
  log(level: 'debug' | 'info' | 'warning' | 'error', message: string): Promise<void>;
}
