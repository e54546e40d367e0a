/** The device rules of a cgroup as lines for devices.allow and devices.deny (cgroup v1). */
import type { OciDeviceRule } from '../oci/resources.js';
import type { CgroupWrite } from './cgroup-writes.js';

/**
 * Returns the writes for device rules, in their order. A rule for everything is `a`, which discards all rules before
 * it.
 */
export function deviceWrites(rules: readonly OciDeviceRule[]): readonly CgroupWrite[] {
  return rules.flatMap((rule) => {
    const file = rule.allow ? 'devices.allow' : 'devices.deny';
    return ruleLines(rule).map((value) => ({ file, value }));
  });
}

/**
 * Returns the lines of one rule. The kernel has no line for all types together with numbers or with part of the access:
 * a line for each of the two types stands for it.
 */
function ruleLines(rule: OciDeviceRule): readonly string[] {
  const { type = 'a', access = 'rwm' } = rule;
  const numbers = `${numberOf(rule.major)}:${numberOf(rule.minor)}`;
  if (type !== 'a' && type !== '') return [`${type === 'u' ? 'c' : type} ${numbers} ${access}`];
  if (numbers === '*:*' && new Set(access).size === 3) return ['a'];
  return [`b ${numbers} ${access}`, `c ${numbers} ${access}`];
}

function numberOf(number: number | undefined): string {
  return number === undefined || number < 0 ? '*' : String(number);
}
