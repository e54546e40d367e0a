/** The device rules of a cgroup as what is written to devices.allow and devices.deny (cgroup v1). */
import type { OciDeviceRule } from '../oci/resources.js';
import type { CgroupWrite } from './cgroup-writes.js';

/** One write for each rule, in their order. A rule for everything is `a`, which forgets all rules before it. */
export function deviceWrites(rules: readonly OciDeviceRule[]): readonly CgroupWrite[] {
  return rules.flatMap((rule) => {
    const file = rule.allow ? 'devices.allow' : 'devices.deny';
    return ruleLines(rule).map((value) => ({ file, value }));
  });
}

/** The kernel has no line for all types with numbers or with part of the access: both types stand for it. */
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
