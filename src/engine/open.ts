import type { Engine, EngineOptions } from './types.js';

/** Opens the store (making it when it is new) and puts right what a crash or a reboot left behind. */
export declare function openEngine(options?: EngineOptions): Promise<Engine>;
