/** Where the output of a container may be kept. */

/** The default first. */
export const LOG_DRIVERS = ['k8s-file', 'json-file', 'none', 'passthrough'] as const;
