/** What advisories about forgotten masks ask for (CVE-2017-16539, CVE-2018-10892, CVE-2020-8694, and those before them). */

/** Paths of /proc that no container sees the content of. */
export const HIDDEN_IN_PROC = [
  'acpi',
  'asound',
  'interrupts',
  'kcore',
  'keys',
  'latency_stats',
  'sched_debug',
  'scsi',
  'timer_list',
  'timer_stats',
].map((name) => `/proc/${name}`);
