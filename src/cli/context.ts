/** What a command works with: the engine, output, and the process that typed it. */
import type { EventsBackend } from '../events/event-log.js';
import type { StoreCheck } from '../engine/images/types.js';
import type { Engine } from '../engine/types.js';
import type { Caller } from './parse/caller.js';

/** What the flags before the command say. */
export interface Globals {
  readonly root?: string;
  readonly runRoot?: string;
  readonly networkConfigDir?: string;
  readonly cgroupManager?: 'cgroupfs' | 'systemd';
  readonly logLevel: LogLevel;
  readonly eventsBackend: EventsBackend;
  readonly hooksDirectories: readonly string[];
  /** Another OCI runtime for new containers. */
  readonly runtime?: string;
  readonly runtimeFlags?: readonly string[];
  /** Descriptor that stands for stdout; undefined: output is thrown away. */
  readonly stdout: number | undefined;
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'warning', 'error', 'fatal', 'panic'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Context {
  readonly globals: Globals;
  readonly caller: Caller;
  /** Opened at the first call. */
  engine(): Promise<Engine>;
  /** What the command has set off is done; at once where that is nothing. */
  settled(): Promise<void>;
  /** As the library's, for the store that the flags name. */
  checkStore(options: { readonly repair: boolean }): Promise<StoreCheck>;
  /** Text for stdout; escaped when that is a terminal. */
  out(text: string): Promise<void>;
  /** When stdout is a terminal: what is on it goes. */
  clearScreen(): Promise<void>;
  /** Text for stderr, likewise. */
  err(text: string): Promise<void>;
  log(level: 'debug' | 'info' | 'warning' | 'error', message: string): Promise<void>;
}
