import type { SignalOption } from './container.js';

/** Kinds of namespaces, as the options of a container name them. */
export type ContainerNamespace = 'cgroup' | 'ipc' | 'mount' | 'network' | 'pid' | 'time' | 'user' | 'uts';

export interface CleanupOptions extends SignalOption {
  /** Remove it afterwards, as remove() does. @default false */
  readonly remove?: boolean;
}
