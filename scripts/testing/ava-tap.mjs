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
  if (type === 'interrupt') writePending(this, event.pendingTests, 'at the end of the time for all tests');
  consumeStateChange.call(this, event);
};

TapReporter.prototype.writeTimeout = function writeTimeout({ pendingTests, period }) {
  writePending(this, pendingTests, `after no test had ended for ${period / 1000} s`);
  setTimeout(() => process.exit(1), GRACE_MS).unref();
};

function writePending(reporter, pendingTests, when) {
  const err = { type: 'unknown', formattedError: `it was still running ${when}` };
  for (const testFile of running) {
    const titles = [...(pendingTests.get(testFile) ?? [])];
    if (titles.length === 0)
      reporter.writeCrash({ testFile, err }, `the process of ${reporter.relativeFile(testFile)}`);
    for (const title of titles) reporter.writeTest({ testFile, title, err }, { passed: false });
  }
}

await run();
