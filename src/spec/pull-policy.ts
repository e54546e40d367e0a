/** When an image is fetched that its name tells where to find: always, where it is missing here, never, or where it has changed. */
export const PULL_POLICIES = ['always', 'missing', 'never', 'newer'] as const;

export type PullPolicy = (typeof PULL_POLICIES)[number];
