import test from 'ava';

import { parseHealthCommand } from '../../../../src/cli/parse/health.js';

const reads = test.macro({
  exec: (t, text: string, expected: readonly string[]) => t.deepEqual(parseHealthCommand(text), expected),
  title: (_, text) => `--health-cmd ${text}`,
});

test(reads, 'curl -f http://localhost || exit 1', ['CMD-SHELL', 'curl -f http://localhost || exit 1']);
test(reads, '["curl", "-f", "http://localhost"]', ['CMD', 'curl', '-f', 'http://localhost']);
test(reads, '["curl -f x"]', ['CMD-SHELL', 'curl -f x']);
test(reads, 'CMD curl  -f', ['CMD', 'curl', '-f']);
test(reads, 'CMD-SHELL curl -f | cat', ['CMD-SHELL', 'curl -f | cat']);
test(reads, '["CMD", "a b"]', ['CMD', 'a b']);
test(reads, '["CMD-SHELL", "a b"]', ['CMD-SHELL', 'a b']);
test(reads, 'none', ['NONE']);
test(reads, 'NONE', ['NONE']);
test(reads, '["none"]', ['NONE']);
test(reads, '[1]', ['CMD-SHELL', '[1]']);
test(reads, '[ -e /file ]', ['CMD-SHELL', '[ -e /file ]']);
