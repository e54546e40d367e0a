/** Tests of scripts/model/security.mjs that no broken build was seen to fail, each with the reason. */
import { tests } from './entry.mjs';

const because = (why, file, ...titles) => tests(file, ...titles).map((test) => ({ ...test, why }));

export const UNBROKEN = [
  ...because(
    'the attack is tried only on Podman, which is open to it; tspod is not involved',
    'security/images.test.ts',
    'terminal: Podman 4.3 sends them',
  ),
  ...because(
    'there is nothing to switch off: the program that enters is static, loads nothing from the root, and ends at once without its socket',
    'security/enter.test.ts',
    'start: an entrypoint that is the program that enters is none',
  ),
  ...because(
    'there is nothing to switch off: an archive is read through an index of its own files, so a link cannot name a file outside it. In the test, Podman is open to this attack',
    'security/storage.test.ts',
    'load: a layout in an archive whose files are links',
  ),
  ...because(
    'the kernel ends a mount with its last namespace; tspod makes no such mount on the host',
    'system/files/shared-memory.test.ts',
    'it lives as long as the last who shares it',
  ),
  ...because(
    'there is nothing to switch off: by then the container’s root is the root of the process, and the host’s root is gone, which has a guard of its own',
    'launch/identity.test.ts',
    'workingDirectory: a link within the root is followed',
  ),
];
