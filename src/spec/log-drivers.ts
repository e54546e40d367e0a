/** Log drivers, which keep the output of a container. */

/** All log drivers, the default first. */
export const LOG_DRIVERS = ['k8s-file', 'json-file', 'none', 'passthrough'] as const;
