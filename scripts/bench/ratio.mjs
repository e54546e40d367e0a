/** How two figures of a scenario compare: what the report, its table and its chart are made of. */

/**
 * `ours` divided by `peer`, both names in `results`; with `times` the other way round: how many times as fast. Targets are `atMost` or
 * `atLeast`; `value` is for what is no quotient of the two.
 */
export function ratio(results, { name, ours, peer, times = false, value, ...target }) {
  const [own, other] = [ours, peer].map((key) => amountOf(results[key]));
  return { name, ours, peer, value: value ?? (times ? other / own : own / other), ...target };
}

export function isMet({ value, atMost = Infinity, atLeast = 0 }) {
  return value <= atMost && value >= atLeast;
}

/** The target in words; nothing where there is none. */
export function targetOf({ atMost, atLeast }) {
  if (atMost !== undefined) return `at most ${atMost}`;
  return atLeast === undefined ? '' : `at least ${atLeast}`;
}

/** Of a rate, which is what the table shows, the time of one. */
function amountOf(figures) {
  if (figures?.perSecond !== undefined) return 1000 / figures.perSecond;
  return figures?.medianMs ?? figures?.kilobytesEach;
}
