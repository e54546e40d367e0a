/** Reads the TAP of ava and of the C++ tests. */

/**
 * `line` takes each line of a run; `results` are its tests so far. `onResult` is told each as it comes, by default to print failures; `onLog`
 * what a test has logged, after its result.
 */
export function createTapReader({ onResult = tellFailure, onLog = () => {} } = {}) {
  const results = [];
  // ava explains a failure after its line, between --- and ...; the C++ tests before it, as `# file:line: what`.
  let notes = '';
  let inDetail = false;
  return {
    line(line) {
      const match = /^(not )?ok \d+ - (.*?)( # (SKIP|TODO)\b(.*))?$/.exec(line);
      if (match !== null) {
        const result = resultOf(match, notes);
        results.push(result);
        notes = '';
        onResult(result);
      } else if (/^ {2}---$/.test(line)) {
        inDetail = true;
      } else if (/^ {2}\.\.\.$/.test(line)) {
        inDetail = false;
      } else if (inDetail && results.at(-1)?.outcome === 'failed') {
        results.at(-1).detail = `${results.at(-1).detail ?? ''}${line}\n`;
      } else if (/^ {2}# /.test(line)) {
        notes += `${line}\n`;
      } else {
        const log = /^# {3}(.*)/.exec(line)?.[1];
        if (log !== undefined) onLog(log);
      }
    },
    results: () => results,
  };
}

function tellFailure({ name, outcome }) {
  if (outcome === 'failed') console.log(`  not ok: ${name}`);
}

function resultOf([, not, name, directive, , reason], notes) {
  if (not !== undefined) return { name, outcome: 'failed', ...(notes !== '' && { detail: notes }) };
  if (directive === undefined) return { name, outcome: 'passed' };
  return { name, outcome: 'skipped', detail: reason.trim() || 'marked as skipped in the code' };
}
