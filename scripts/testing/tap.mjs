/** Reads the TAP of ava and of the C++ tests. */

/** `line` takes each line of a run; `results` are its tests so far. A failure is told as it comes. */
export function createTapReader({ onFailure = (name) => console.log(`  not ok: ${name}`) } = {}) {
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
        if (result.outcome === 'failed') onFailure(result.name);
      } else if (/^ {2}---$/.test(line)) {
        inDetail = true;
      } else if (/^ {2}\.\.\.$/.test(line)) {
        inDetail = false;
      } else if (inDetail && results.at(-1)?.outcome === 'failed') {
        results.at(-1).detail = `${results.at(-1).detail ?? ''}${line}\n`;
      } else if (/^ {2}# /.test(line)) {
        notes += `${line}\n`;
      }
    },
    results: () => results,
  };
}

function resultOf([, not, name, directive, , reason], notes) {
  if (not !== undefined) return { name, outcome: 'failed', ...(notes !== '' && { detail: notes }) };
  if (directive === undefined) return { name, outcome: 'passed' };
  return { name, outcome: 'skipped', detail: reason.trim() || 'marked as skipped in the code' };
}
