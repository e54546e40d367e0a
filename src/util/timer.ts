/** Limits of Node's timers. */

/** The longest delay in ms: a timer with a longer one fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
