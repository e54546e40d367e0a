/** Timers of Node. */

/** The longest delay: one of more milliseconds is over at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
