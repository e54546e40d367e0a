/** Flags of the commands that attach to something. */
import type { Flag } from '../command-parts/flag.js';

export const detachKeysFlag: Flag = {
  name: 'detach-keys',
  kind: 'text',
  value: 'keys',
  default: 'ctrl-p,ctrl-q',
  help: "Keys that detach: letters or ctrl-LETTER, with commas between them; '' for none",
};
