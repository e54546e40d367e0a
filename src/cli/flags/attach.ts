/** Flags of the commands that attach to something. */
import type { Flag } from '../command-parts/flag.js';

export const detachKeysFlag: Flag = {
  name: 'detach-keys',
  kind: 'text',
  value: 'keys',
  default: 'ctrl-p,ctrl-q',
  help: "Key sequence that detaches: letters or ctrl-LETTER, separated by commas; '' for none",
};
