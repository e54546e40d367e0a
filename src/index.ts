/** The public API of tspod. */
export { isTspodError, TspodError } from './errors.js';
export type { ErrorCode } from './errors.js';
export type * from './container/api.js';
export type * from './container/exec-session/api.js';
export type * from './container/files-api.js';
export type * from './container/inspect-types.js';
export type * from './container/places-types.js';
export type * from './container/stats-types.js';
export type * from './engine/events.js';
export type * from './engine/types.js';
export type { HealthLogEntry, HealthRecord, HealthStatus } from './container/health-record.js';
export type * from './spec/create-options.js';
export type * from './spec/health-options.js';
export type { CloneOptions } from './container/verbs/clone.js';
export type { UpdateOptions } from './spec/update.js';
export { openEngine } from './engine/open.js';
