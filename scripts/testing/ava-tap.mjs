#!/usr/bin/env node
/** ava, with its arguments, and a TAP reporter that names what does not end: the one of ava 7 throws over a test, and passes over a process. */
import run from '../../node_modules/ava/lib/cli.js';
import TapReporter from '../../node_modules/ava/lib/reporters/tap.js';

/** How long after that a process has which does not heed ava's SIGTERM. */
const GRACE_MS = 30_000;

/** The files whose processes run. */
const running = new Set();

const { consumeStateChange } = TapReporter.prototype;
TapReporter.prototype.consumeStateChange = function noteFile(event) {
  const { testFile, type } = event;
  if (type === 'worker-finished' || type === 'worker-failed') running.delete(testFile);
  else if (testFile !== undefined) running.add(testFile);
  consumeStateChange.call(this, event);
};

TapReporter.prototype.writeTimeout = function writeTimeout({ pendingTests, period }) {
  const err = { type: 'unknown', formattedError: `it was running when no test had ended for ${period / 1000} s` };
  for (const testFile of running) {
    const titles = [...(pendingTests.get(testFile) ?? [])];
    if (titles.length === 0) this.writeCrash({ testFile, err }, `the process of ${this.relativeFile(testFile)}`);
    for (const title of titles) this.writeTest({ testFile, title, err }, { passed: false });
  }
  setTimeout(() => process.exit(1), GRACE_MS).unref();
};

await run();
