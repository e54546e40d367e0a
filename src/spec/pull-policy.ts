/**
 * When an image is pulled from the place that its name gives: always, if it is missing here, never, or if it has
 * changed.
 */
export const PULL_POLICIES = ['always', 'missing', 'never', 'newer'] as const;

export type PullPolicy = (typeof PULL_POLICIES)[number];
